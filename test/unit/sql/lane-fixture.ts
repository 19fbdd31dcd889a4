import type { DeclaredTypes } from '../../../orchestrator/config/table-config.js';
import { NOTHING_RESERVED } from '../../../orchestrator/shape/column-limit.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { EMPTY_SHAPE } from '../../../orchestrator/shape/shape.js';
import type { LayoutLimit } from '../../../orchestrator/shape/staged-place.js';
import { baseColumns } from '../../../orchestrator/shape/table-columns.js';
import { targetShape, type TargetShape } from '../../../orchestrator/shape/target-shape.js';
import type { DeltaField, DeltaType } from '../../../orchestrator/sql/delta-schema.js';
import { renderLane, type LaneToRender } from '../../../orchestrator/sql/render-lane.js';
import type { ShapedType } from '../../../orchestrator/shape/columns.js';
import type { JsonObject, RecordKind } from '../../../orchestrator/types.js';

export interface LaneFacts {
  readonly kind: RecordKind;
  readonly table: string;
  /** Free parts of records merged before, undefined for a new table. */
  readonly before?: readonly JsonObject[];
  readonly batch: readonly JsonObject[];
  /** Declared types of the batch, and of the records before. */
  readonly types?: DeclaredTypes;
  readonly typesBefore?: DeclaredTypes;
  readonly levels?: readonly string[];
  /** Levels the table has no column for yet. */
  readonly newLevels?: readonly string[];
  /** None of the batch's records is in the table. */
  readonly allNew?: boolean;
  /** Its MERGE is compiled. */
  readonly isLarge?: boolean;
  /** Columns that the batch is staged for, as if the table had none yet. */
  readonly maxColumns?: number;
  /** The table has needed `_overflow` before. */
  readonly overflowBefore?: boolean;
  /** What the Delta log shows, where it is not what the records before made. */
  readonly actual?: Partial<NonNullable<LaneToRender['actual']>>;
}

/** A lane as the pipeline would render it, with fixed numbers and addresses. */
export function script(facts: LaneFacts): string {
  const levels = facts.levels ?? ['state', 'district'];
  const base = baseColumns(facts.kind, levels);
  const baseNames = base.map((column) => column.name);
  const empty = { kind: facts.kind, shape: {}, names: {}, types: {} };
  const first =
    facts.before === undefined
      ? undefined
      : targetShape(empty, layoutOf(facts.before), baseNames, facts.typesBefore);
  const layout = layoutOf(facts.batch, facts.maxColumns);
  const overflow =
    facts.overflowBefore === true ? [{ name: '_overflow', type: { type: 'map' } } as const] : [];
  const absent = new Set((facts.newLevels ?? []).map((level) => `${level}_id`));
  const old = baseNames.filter((name) => !absent.has(name));
  return renderLane({
    appId: 'dl/00000000-0000-0000-0000-000000000000',
    rewriteTxn: 131_136n,
    mergeTxn: 131_137n,
    metadata: { lane: '7', run: 'run-2-x1-1', batch: '3' },
    batchId: 3n,
    kind: facts.kind,
    databaseName: 'commcarehq_demo',
    tableName: facts.table,
    tableUrl: `file:///lake/commcare/demo/${facts.table}`,
    registeredUrl: first === undefined ? null : `file:///lake/commcare/demo/${facts.table}`,
    stagingUrl: 'file:///checkpoint/runs/2-x1/staging/5',
    base,
    layout,
    target: targetShape(
      first === undefined ? empty : { ...first, kind: facts.kind },
      layout,
      baseNames,
      facts.types,
    ),
    allNew: facts.allNew ?? false,
    isLarge: facts.isLarge ?? false,
    actual:
      first === undefined
        ? undefined
        : {
            fields: [...baseFields(old), ...fieldsOf(first), ...overflow],
            txnVersion: 65_601n,
            ...facts.actual,
          },
  });
}

export function fieldsOf(target: TargetShape): DeltaField[] {
  return target.after.map((column) => ({ name: column.name, type: deltaType(column.type) }));
}

export function targetOf(trees: readonly JsonObject[]): TargetShape {
  return targetShape({ kind: 'case', shape: {}, names: {}, types: {} }, layoutOf(trees), []);
}

export function baseFields(names: readonly string[]): DeltaField[] {
  return names.map((name) => ({ name, type: 'string' }));
}

function deltaType(type: ShapedType): DeltaType {
  if (type.kind === 'scalar') return type.type;
  if (type.item.kind === 'scalar') return { type: 'array', elementType: type.item.type };
  const fields = type.item.fields.map((field) => ({ name: field.name, type: deltaType(field.type) }));
  return { type: 'array', elementType: { type: 'struct', fields } };
}

function limitOf(columns: number): LayoutLimit {
  return { columns, reserved: NOTHING_RESERVED, known: EMPTY_SHAPE, prefix: 'case_json' };
}

function layoutOf(trees: readonly JsonObject[], maxColumns?: number): StagedLayout {
  const layout = new StagedLayout(maxColumns === undefined ? undefined : limitOf(maxColumns));
  for (const tree of trees) layout.encode(tree, {}, 'a record');
  return layout;
}

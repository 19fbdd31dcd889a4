import type { JsonObject, RecordKind } from '../types.js';
import type { DeclaredTypes } from '../config/table-config.js';
import { declaredTypeOf, knownTypes, raiseDeclared, typesToJson } from './column-types.js';
import {
  madeOf,
  madeTarget,
  NOTHING_MADE,
  renamed,
  type MadeColumns,
  type MadeTarget,
} from './made-columns.js';
import { declarationKey } from '../config/declared-type.js';
import { columnCount, ReservedColumns, withinLimit } from './column-limit.js';
import { ColumnNames, encodeColumnName, shapedColumns, type Path, type ShapedColumn } from './columns.js';
import { StagedLayout } from './layout.js';
import type { TurnedAway } from './overflow.js';
import { EMPTY_SHAPE, join, shapeFromJson, shapeToJson, without, type ShapeNode } from './shape.js';
import { homelessKeys, turnedAwayBy, type HomelessKey } from './turned-away.js';

/** Prefix of the free part's columns. */
export const TREE_PREFIX: Readonly<Record<RecordKind, string>> = {
  form: 'form',
  case: 'case_json',
  location: 'metadata',
};

/** A table's free part before and after a lane. */
export interface TargetShape extends MadeTarget {
  readonly before: readonly ShapedColumn[];
  readonly after: readonly ShapedColumn[];
  /** To be kept in the ledger once the lane has merged. */
  readonly shape: JsonObject;
  readonly names: JsonObject;
  readonly types: JsonObject;
  /** What was staged under keys of its own, but has no column: it goes to `_overflow`. */
  readonly homeless: readonly HomelessKey[];
  /** Paths of the lane that get no column, when there are any. */
  readonly turnedAway: TurnedAway | undefined;
  /** Whether a further path would get a column. */
  readonly hasRoom: boolean;
}

/** What the ledger knows of a table's free part. */
export interface KnownShape {
  readonly kind: RecordKind;
  readonly shape: JsonObject;
  readonly names: JsonObject;
  readonly types: JsonObject;
  /** Renamed and derived columns (made-columns.ts). */
  readonly made?: JsonObject;
}

/**
 * The shape a table has once a lane is merged: the least upper bound of both, as far as the limit that the lane was staged
 * with allows (column-limit.ts). Names are given in the order of first
 * sight, so the same table and layout always get the same names. Types are those that the batch's configuration
 * declares, whatever the table had before.
 * @param pruned paths of columns to be dropped; one that the batch brings a value for comes again by itself
 * @param wanted paths that are to be there whatever was seen: those that models of aggregations read
 */
export function targetShape(
  table: KnownShape,
  layout: StagedLayout,
  baseNames: readonly string[],
  declared: DeclaredTypes = new Map(),
  pruned: readonly Path[] = [],
  made: MadeColumns = NOTHING_MADE,
  wanted: ShapeNode = EMPTY_SHAPE,
): TargetShape {
  const names = ColumnNames.fromJson(table.names);
  const known = shapeFromJson(table.shape);
  const prefix = TREE_PREFIX[table.kind];
  const before = shapedColumns(known, prefix, names, baseNames, knownTypes(table.types));
  const left = without(known, pruned);
  const grown = join(join(left, layout.shape()), wanted);
  const within = withinLimit(grown, join(left, wanted), {
    columns: layout.maxColumns,
    reserved: new ReservedColumns(declared, made),
    keyOf: (path) => declarationKey(encodeColumnName([prefix, ...path].join('__'))),
  });
  const raised = raiseDeclared(within, prefix, names, declared);
  const homeless = within === grown ? [] : homelessKeys(layout.root, raised, prefix);
  const after = shapedColumns(raised, prefix, names, baseNames, declaredTypeOf(declared));
  const had = table.made ?? {};
  return {
    before: renamed(before, madeOf(had).rename),
    after: renamed(after, made.rename),
    ...madeTarget(had, after, before, made, declared),
    shape: shapeToJson(raised),
    names: names.toJson(),
    types: typesToJson(after),
    homeless,
    turnedAway: turnedAwayBy(layout.turnedAway, homeless),
    hasRoom: columnCount(raised) < layout.maxColumns,
  };
}

/** A table's free columns as they are now. */
export function presentColumns(table: KnownShape): readonly ShapedColumn[] {
  return targetShape(table, new StagedLayout(), []).before;
}

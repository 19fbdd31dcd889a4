import type { LakeConfig } from '../config/lake.js';
import type { Fault } from '../config/lake-faults.js';
import { asLakeError } from '../errors.js';
import { allTables, type LakeTable } from '../ledger/tables.js';
import { StagedLayout } from '../shape/layout.js';
import { baseColumns } from '../shape/table-columns.js';
import { targetShape } from '../shape/target-shape.js';
import { derivedQuestion } from '../sql/derived.js';
import type { RecordKind } from '../types.js';
import type { DriverContext } from './give-to-driver.js';
import { askSpark } from './spark-query.js';

/** What Spark says of the derived columns of a lake.yaml. */
export interface ExpressionsChecked {
  readonly faults: readonly Fault[];
  /** Why Spark could not be asked; undefined when it was. */
  readonly notAsked: string | undefined;
}

/** Lets Spark parse and analyse every derived column over the columns its table has, or will have; reads no table. */
export async function checkExpressions(
  context: DriverContext,
  config: LakeConfig,
  signal: AbortSignal,
): Promise<ExpressionsChecked> {
  const faults: Fault[] = [];
  try {
    const tables = await allTables(context.database);
    for (const [domain, { location_levels: levels, tables: named }] of Object.entries(config.domains)) {
      for (const [name, settings] of Object.entries(named)) {
        if (settings.derive.length === 0) continue;
        const known = tables.find(
          (each) => each.domain === domain && each.tableName.toLowerCase() === name.toLowerCase(),
        );
        const table = known ?? emptyTable(name);
        const base = baseColumns(table.kind, levels);
        const { after, unseen } = targetShape(
          table,
          new StagedLayout(),
          base.map((each) => each.name),
          settings.types,
          [],
          settings,
        );
        for (const column of settings.derive) {
          const reason = await refusal(context, derivedQuestion(column, base, [...after, ...unseen]), signal);
          const path = ['domains', domain, 'tables', name, 'derive', column.name, 'sql'];
          if (reason !== undefined) faults.push({ path, at: 'value', message: reason });
        }
      }
    }
    return { faults, notAsked: undefined };
  } catch (thrown) {
    return { faults, notAsked: asLakeError(thrown).code };
  }
}

/** Spark's own words, which begin with the class of its error; undefined when it understands. */
async function refusal(
  context: DriverContext,
  question: ReturnType<typeof derivedQuestion>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await askSpark(context, [question], signal);
    return undefined;
  } catch (thrown) {
    const error = asLakeError(thrown);
    // `statement 0 failed: CLASS: exception: message`, the message only of classes that quote no values.
    const [, errorClass] = /statement \d+ failed: ([A-Z][A-Z0-9_.]+):/.exec(error.message) ?? [];
    if (error.code !== 'QUERY_FAILED' || errorClass === undefined) throw error;
    const [told] = /\[[A-Z0-9_.]+\][^\n]*/.exec(error.message) ?? [];
    return `Spark refuses it: ${told ?? `[${errorClass}]`}`;
  }
}

/** A table that no record has made yet. */
function emptyTable(name: string): Pick<LakeTable, 'kind' | 'shape' | 'names' | 'types' | 'made'> {
  const kind: RecordKind = /_case$/i.test(name) ? 'case' : /_form$/i.test(name) ? 'form' : 'location';
  return { kind, shape: {}, names: {}, types: {}, made: {} };
}

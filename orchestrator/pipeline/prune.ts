import type { TableState } from '../commit/delta-log.js';
import type { Batch } from '../ledger/batches.js';
import type { Queryable } from '../ledger/database.js';
import { lanePruned, type Lane } from '../ledger/lanes.js';
import { carriersOf } from '../ledger/page-jobs.js';
import { planPage } from '../ledger/planning.js';
import type { LakeTable } from '../ledger/tables.js';
import { writeIds } from '../plan/id-manifest.js';
import type { ShapedColumn } from '../shape/columns.js';
import { presentColumns } from '../shape/target-shape.js';
import { deadColumnsQuestion } from '../sql/questions.js';
import type { Storage } from '../storage/storage.js';
import { TOPIC_OF_KIND } from '../types.js';
import type { DriverContext } from './give-to-driver.js';
import { askSpark } from './spark-query.js';

type PrunedPaths = NonNullable<Lane['pruned']>;

const CARRIERS = 5;

/** Columns of the free part in which no row of the table holds a value, nor a text in `_rescued`. */
export async function deadColumns(
  context: DriverContext,
  lake: Storage,
  table: LakeTable,
  columns: readonly ShapedColumn[],
  signal: AbortSignal,
): Promise<ShapedColumn[]> {
  if (columns.length === 0) return [];
  const question = deadColumnsQuestion(`${lake.url}/${table.path}`, columns, presentColumns(table));
  const [counts] = await askSpark(context, [question], signal);
  return columns.filter((_, at) => counts?.[`c${at}`] === '0');
}

/**
 * Plans the batch that drops the columns, if they still are dead when its turn has come.
 * @returns undefined for a table without records: there is nothing to be rewritten
 */
export async function planPrune(
  tx: Queryable,
  checkpoint: Storage,
  table: LakeTable,
  columns: readonly ShapedColumn[],
): Promise<bigint | undefined> {
  const records = await carriersOf(tx, table.id, CARRIERS);
  if (records.length === 0) return undefined;
  const written = await writeIds(
    checkpoint,
    records.map((record) => ({ ...record, partition: null, offset: null })),
  );
  const paths = columns.map(({ path }) => path.filter((key) => key !== null));
  return planPage(tx, {
    topic: TOPIC_OF_KIND[table.kind],
    kind: 'prune',
    ...written,
    prune: { table: table.id.toString(), paths },
  });
}

/**
 * Which of the columns that the batch asks to drop are dead now, when all batches before it have merged into the table and
 * no other can. Decided once and kept with the lane: a lane is always rendered alike.
 */
export async function decidePruned(
  context: DriverContext & { readonly lake: Storage },
  { prune }: Batch,
  lane: Lane,
  table: LakeTable,
  actual: TableState | undefined,
): Promise<PrunedPaths | null> {
  if (prune === null || prune.table !== table.id.toString() || actual === undefined) return null;
  if (lane.pruned !== null) return lane.pruned;
  const asked = new Set(prune.paths.map((path) => JSON.stringify(path)));
  const columns = presentColumns(table).filter(({ path }) => asked.has(JSON.stringify(path)));
  const dead = await deadColumns(context, context.lake, table, columns, new AbortController().signal);
  const paths = dead.map(({ path }) => path.filter((key) => key !== null));
  await lanePruned(context.database, lane.id, paths);
  return paths;
}

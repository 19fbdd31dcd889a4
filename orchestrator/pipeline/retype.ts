import type { LakeConfig } from '../config/lake.js';
import { tableConfig } from '../config/lake.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { activateConfig, type StoredConfig } from '../ledger/lake.js';
import { carriersOf } from '../ledger/page-jobs.js';
import { lockTopics, planPage } from '../ledger/planning.js';
import { allTables, type LakeTable } from '../ledger/tables.js';
import { writeIds, type WrittenIds } from '../plan/id-manifest.js';
import { StagedLayout } from '../shape/layout.js';
import { madeChanges } from '../shape/made-changes.js';
import { schemaChanges, type SchemaChange } from '../shape/schema-changes.js';
import { targetShape, type TargetShape } from '../shape/target-shape.js';
import type { Storage } from '../storage/storage.js';
import { forecastQuestion } from '../sql/questions.js';
import { TOPIC_OF_KIND } from '../types.js';
import type { DriverContext } from './give-to-driver.js';
import { askSpark } from './spark-query.js';

/** A table whose columns another configuration types otherwise. */
export interface Retyped {
  readonly table: LakeTable;
  readonly target: TargetShape;
  readonly changes: readonly SchemaChange[];
}

/** A record that can't be read makes no lane, so a few are taken. */
const CARRIERS = 5;

/** The tables that `config` types otherwise than they are now. */
export async function retypedTables(database: LedgerDatabase, config: LakeConfig): Promise<Retyped[]> {
  return (await allTables(database)).flatMap((table) => {
    const settings = tableConfig(config, table.domain, table.tableName);
    const target = targetShape(table, new StagedLayout(), [], settings.types, [], settings);
    const changes = [...schemaChanges(target.before, target.after, {}), ...madeChanges(table, target)];
    return changes.length === 0 ? [] : [{ table, target, changes }];
  });
}

/** What a retype would do to a table's rows, counted by Spark. */
export interface RetypeForecast {
  readonly rows: number;
  /** Rows with a text that is no value of the new types, now and then. */
  readonly rescuedNow: number;
  readonly rescuedThen: number;
  /** Some of the rows that would come under `_rescued`. */
  readonly sample: readonly string[];
}

const SAMPLE = 20;

/** Counts what {@link applyConfig} would do; nothing is written. */
export async function forecast(
  context: DriverContext,
  lake: Storage,
  { table, target }: Retyped,
  signal: AbortSignal,
): Promise<RetypeForecast> {
  const question = forecastQuestion(`${lake.url}/${table.path}`, target, SAMPLE);
  const [row] = await askSpark(context, [question], signal);
  return {
    rows: Number(row?.['rows'] ?? 0),
    rescuedNow: Number(row?.['rescued_now'] ?? 0),
    rescuedThen: Number(row?.['rescued_then'] ?? 0),
    sample: JSON.parse(row?.['sample'] ?? '[]') as string[],
  };
}

/**
 * Makes a configuration the active one and plans, with it or not at all, a page for each table it types otherwise: the
 * first batch of a table under new types rewrites it. A table without records changes with its next batch.
 * @returns the version, and the batches planned by table
 */
export async function applyConfig(
  database: LedgerDatabase,
  checkpoint: Storage,
  config: StoredConfig,
  retyped: readonly Retyped[],
): Promise<{ version: bigint; batches: ReadonlyMap<bigint, bigint> }> {
  const pages: { readonly table: LakeTable; readonly written: WrittenIds }[] = [];
  for (const { table } of retyped) {
    const records = await carriersOf(database, table.id, CARRIERS);
    if (records.length === 0) continue;
    const entries = records.map((record) => ({ ...record, partition: null, offset: null }));
    pages.push({ table, written: await writeIds(checkpoint, entries) });
  }
  return database.transaction(async (tx) => {
    await lockTopics(
      tx,
      pages.map(({ table }) => TOPIC_OF_KIND[table.kind]),
    );
    const version = await activateConfig(tx, config);
    const batches = new Map<bigint, bigint>();
    for (const { table, written } of pages) {
      const topic = TOPIC_OF_KIND[table.kind];
      batches.set(table.id, await planPage(tx, { topic, kind: 'retype', ...written }));
    }
    return { version, batches };
  });
}

import { outputPath } from '../aggregation/output-path.js';
import { writtenAggregations } from '../ledger/aggregation-runs.js';
import { domainDatabases } from '../ledger/table-facts.js';
import { allTables } from '../ledger/tables.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Storage } from '../storage/storage.js';
import { TOPIC_OF_KIND, type Topic } from '../types.js';

/** A table that is looked after. */
export interface MaintainedTable {
  readonly domain: string;
  readonly database: string;
  readonly name: string;
  /** Null: an aggregation's. */
  readonly lakeTable: { readonly id: bigint; readonly topic: Topic; readonly isHalted: boolean } | null;
  readonly storage: Storage;
  /** Relative to the storage's root. */
  readonly path: string;
}

/** Every table there is: records', then aggregations'. */
export async function maintainedTables({
  database,
  lake,
  aggregates,
}: {
  readonly database: LedgerDatabase;
  readonly lake: Storage;
  readonly aggregates: Storage | null;
}): Promise<MaintainedTable[]> {
  const records = (await allTables(database)).map((table) => ({
    ...{ domain: table.domain, database: table.databaseName, name: table.tableName, path: table.path },
    lakeTable: { id: table.id, topic: TOPIC_OF_KIND[table.kind], isHalted: table.state === 'halted' },
    storage: lake,
  }));
  if (aggregates === null) return records;
  const databases = await domainDatabases(database);
  const outputs = (await writtenAggregations(database)).flatMap(({ domain, model }) => {
    const own = databases.get(domain);
    if (own === undefined) return [];
    const path = outputPath(domain, model);
    return [{ domain, database: own, name: model, lakeTable: null, storage: aggregates, path }];
  });
  return [...records, ...outputs];
}

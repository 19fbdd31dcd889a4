import type { RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/** A table as a person names it. */
export interface NamedTable {
  readonly id: bigint;
  readonly domain: string;
  readonly kind: RecordKind;
  readonly name: string;
}

/** The tables of a domain. */
export async function tablesOf(database: Queryable, domain: string): Promise<NamedTable[]> {
  return database.query(
    'SELECT id, domain, kind, table_name AS name FROM lake_table WHERE domain = $1 ORDER BY table_name',
    [domain],
  );
}

/** Records that stand, or may stand, in a table. @param after id to go on behind */
export async function countRecords(database: Queryable, table: NamedTable, after = ''): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM record_place
     WHERE kind = $1 AND domain = $2 AND record_id > $3 AND table_id = $4`,
    [table.kind, table.domain, after, table.id],
  );
  return row?.count ?? 0;
}

/** Their ids, in the order of the index. */
export async function recordIds(
  database: Queryable,
  table: NamedTable,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await database.query<{ record_id: string }>(
    `SELECT record_id FROM record_place WHERE kind = $1 AND domain = $2 AND record_id > $3 AND table_id = $4
     ORDER BY record_id LIMIT $5`,
    [table.kind, table.domain, after, table.id, limit],
  );
  return rows.map((row) => row.record_id);
}

/**
 * Batches of a topic that are planned under another configuration than the active one and not staged yet. What they
 * will bring is in no table so far, so pages planned now would miss it.
 */
export async function unstagedUnderOldConfig(database: Queryable, topic: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM batch b JOIN config_version v ON v.id = b.config_version_id
     WHERE b.topic = $1 AND b.staged_at IS NULL AND NOT v.active`,
    [topic],
  );
  return row?.count ?? 0;
}

/** Pages of reprocesses that are not committed yet. */
export async function openReprocessPages(database: Queryable, topic: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM batch WHERE topic = $1 AND kind = 'reprocess' AND state <> 'committed'",
    [topic],
  );
  return row?.count ?? 0;
}

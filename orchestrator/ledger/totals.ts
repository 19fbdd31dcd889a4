import type { Queryable } from './database.js';
import type { TableOverflow } from './tables.js';

/** What the ledger knows of a table's merges over all batches. */
export interface TableTotals {
  readonly topic: string;
  readonly database: string;
  readonly table: string;
  readonly path: string;
  readonly state: string;
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly refused: number;
  readonly seconds: number;
  /** As text: JSON has no bigint. */
  readonly deltaVersion: string | null;
  /** When its newest merge was seen in the Delta log: ISO 8601 in UTC. */
  readonly lastMergeAt: string | null;
  /** Why it is halted. */
  readonly reason: string | null;
  /** The limit of columns it stands at, with the first paths turned away. */
  readonly overflow: TableOverflow | null;
}

export async function tableTotals(database: Queryable): Promise<TableTotals[]> {
  return database.query(
    `SELECT CASE t.kind WHEN 'form' THEN 'form-sql' WHEN 'case' THEN 'case-sql' ELSE 'location' END AS topic,
            t.database_name AS database, t.table_name AS table, t.path, t.state,
            coalesce(s.inserted - s.deleted, 0)::float8 AS rows, coalesce(s.inserted, 0)::float8 AS inserted,
            coalesce(s.updated, 0)::float8 AS updated, coalesce(s.deleted, 0)::float8 AS deleted,
            coalesce(s.refused, 0)::float8 AS refused, coalesce(s.seconds, 0) AS seconds,
            s.delta_version::text AS "deltaVersion",
            to_char(s.last_merged_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastMergeAt",
            t.reason, t.overflow
     FROM lake_table t LEFT JOIN table_total s ON s.table_id = t.id ORDER BY 1, 2, lower(t.table_name)`,
  );
}

/** Rows of the table, as far as merges have been seen in its Delta log. */
export async function rowsOfTable(database: Queryable, tableId: bigint): Promise<number> {
  const [total] = await database.query<{ rows: number }>(
    'SELECT (inserted - deleted)::float8 AS rows FROM table_total WHERE table_id = $1',
    [tableId],
  );
  return total?.rows ?? 0;
}

export interface HaltedTable {
  readonly name: string;
  readonly reason: string | null;
  /** Batches that can't be committed before the table goes on. */
  readonly waitingBatches: number;
}

export async function haltedTables(database: Queryable, topic: string): Promise<HaltedTable[]> {
  return database.query(
    `SELECT t.database_name || '.' || t.table_name AS name, t.reason, count(DISTINCT b.id)::int AS "waitingBatches"
     FROM lake_table t JOIN lane l ON l.table_id = t.id AND l.state NOT IN ('merged', 'committed')
       JOIN batch b ON b.id = l.batch_id AND b.topic = $1
     WHERE t.state = 'halted' GROUP BY t.id, t.database_name, t.table_name, t.reason`,
    [topic],
  );
}

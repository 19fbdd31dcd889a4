import type { Queryable } from './database.js';

/**
 * Which months of which lake table have changed, and in which Delta version (migrations/0009_months.sql). Always a superset
 * of the truth: a needless month costs a computation, a missed one a wrong number.
 */
export interface SourceChange {
  /** Name in the domain's database. */
  readonly table: string;
  /** `YYYY-MM-01`; null: any month may have changed. */
  readonly month: string | null;
  readonly deltaVersion: bigint;
  readonly batchId: bigint;
  /** Rows the batch wrote or deleted in the table, whatever their months; 0: not known. */
  readonly rows: number;
}

/** Notes the months of what a batch has staged. @param months by table; every lane of the batch has its entry */
export async function noteStagedMonths(
  tx: Queryable,
  batchId: bigint,
  months: ReadonlyMap<bigint, ReadonlySet<string | null>>,
): Promise<void> {
  for (const [tableId, own] of months) {
    await tx.query(
      `INSERT INTO staged_month AS known (batch_id, table_id, months) VALUES ($1, $2, $3)
       ON CONFLICT (batch_id, table_id) DO UPDATE SET months =
         (SELECT coalesce(array_agg(DISTINCT month), '{}') FROM unnest(known.months || excluded.months) AS month)`,
      [batchId, tableId, [...own]],
    );
  }
}

/** In the commit transaction: what the batch's lanes have changed stands from now on. */
export async function noteChanges(tx: Queryable, batchId: bigint): Promise<void> {
  // In one order, so that batches of a topic that commit at once can't deadlock; they may do so out of their order.
  await tx.query(
    `INSERT INTO source_change AS known (table_id, month, delta_version, batch_id, rows)
     SELECT table_id, month, delta_version, batch_id, rows FROM lane_change WHERE batch_id = $1 ORDER BY table_id, month
     ON CONFLICT (table_id, (coalesce(month, '-infinity'::date))) DO UPDATE SET
       delta_version = excluded.delta_version, batch_id = excluded.batch_id, rows = excluded.rows, at = now()
       WHERE known.delta_version < excluded.delta_version`,
    [batchId],
  );
  await tx.query('DELETE FROM staged_month WHERE batch_id = $1', [batchId]);
}

/**
 * All that is known to have changed in a domain's lake tables. Lanes that are merged count although their batch may wait
 * for another table: their rows can be read.
 */
export async function sourceChanges(database: Queryable, domain: string): Promise<SourceChange[]> {
  return database.query(
    `SELECT t.table_name AS "table", c.month::text AS month, c.delta_version AS "deltaVersion", c.batch_id AS "batchId", c.rows
     FROM (SELECT table_id, month, delta_version, batch_id, rows FROM source_change
           UNION ALL
           SELECT table_id, month, delta_version, batch_id, rows FROM lane_change WHERE state = 'merged') AS c
       JOIN lake_table t ON t.id = c.table_id
     WHERE t.domain = $1`,
    [domain],
  );
}

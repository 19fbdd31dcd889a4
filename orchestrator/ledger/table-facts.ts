import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** A table as a list shows it: what was merged into it, and what waits for it. Times are ISO 8601 in UTC. */
export interface TableFacts {
  readonly id: bigint;
  readonly database: string;
  readonly name: string;
  readonly domain: string;
  readonly kind: 'form' | 'case' | 'location';
  readonly type: string;
  readonly state: 'running' | 'halted';
  readonly reason: string | null;
  readonly path: string;
  /** Columns of the free part. */
  readonly freeColumns: number;
  readonly batches: string;
  readonly rows: string;
  readonly inserted: string;
  readonly updated: string;
  readonly deleted: string;
  readonly refused: string;
  readonly deltaVersion: string | null;
  readonly lastMergeAt: string | null;
  /** Lanes that have not merged, and the age of the oldest one's batch. */
  readonly openLanes: number;
  readonly waitingSeconds: number;
  readonly quarantined: number;
  /** Code class and text of the newest failure of an open lane. */
  readonly failureClass: string | null;
  readonly failure: string | null;
  /** The batch of that lane. */
  readonly failingBatch: bigint | null;
}

/** @param only one table; absent: all, by name */
export async function tableFacts(
  database: Queryable,
  only?: { readonly database: string; readonly name: string },
): Promise<TableFacts[]> {
  return database.query(
    `WITH open AS (
       SELECT l.table_id, count(*)::int AS lanes, extract(epoch FROM now() - min(b.planned_at))::float8 AS seconds,
              (array_agg(l.failure_class ORDER BY b.sequence) FILTER (WHERE l.failure IS NOT NULL))[1] AS failure_class,
              (array_agg(l.failure ORDER BY b.sequence) FILTER (WHERE l.failure IS NOT NULL))[1] AS failure,
              (array_agg(l.batch_id ORDER BY b.sequence) FILTER (WHERE l.failure IS NOT NULL))[1] AS failing_batch
       FROM lane l JOIN batch b ON b.id = l.batch_id WHERE l.state <> 'committed' AND l.state <> 'merged' GROUP BY l.table_id),
     aside AS (
       SELECT kind, domain, type, count(*)::int AS records FROM quarantine WHERE state = 'open' GROUP BY 1, 2, 3)
     SELECT t.id, t.database_name AS database, t.table_name AS name, t.domain, t.kind, t.type, t.state, t.reason, t.path,
            (SELECT count(*)::int FROM jsonb_object_keys(t.names)) AS "freeColumns",
            coalesce(s.lanes, 0)::text AS batches, coalesce(s.inserted - s.deleted, 0)::text AS rows,
            coalesce(s.inserted, 0)::text AS inserted, coalesce(s.updated, 0)::text AS updated,
            coalesce(s.deleted, 0)::text AS deleted, coalesce(s.refused, 0)::text AS refused,
            s.delta_version::text AS "deltaVersion", ${iso('s.last_merged_at')} AS "lastMergeAt",
            coalesce(open.lanes, 0) AS "openLanes", coalesce(open.seconds, 0) AS "waitingSeconds",
            coalesce(aside.records, 0) AS quarantined, open.failure_class AS "failureClass", open.failure,
            open.failing_batch AS "failingBatch"
     FROM lake_table t LEFT JOIN table_total s ON s.table_id = t.id LEFT JOIN open ON open.table_id = t.id
       LEFT JOIN aside ON aside.kind = t.kind AND aside.domain = t.domain AND aside.type = t.type
     WHERE $1::text IS NULL OR (t.database_name = $1 AND lower(t.table_name) = lower($2))
     ORDER BY t.database_name, lower(t.table_name)`,
    [only?.database ?? null, only?.name ?? null],
  );
}

/** An aggregation's table: what is published of it. */
export interface AggregateFacts {
  readonly domain: string;
  readonly name: string;
  readonly rows: string;
  readonly deltaVersion: string;
  readonly publishedAt: string;
  readonly months: number;
  readonly failedMonths: number;
  readonly failure: string | null;
}

export async function aggregateFacts(database: Queryable): Promise<AggregateFacts[]> {
  return database.query(
    `SELECT m.domain, m.table_name AS name, sum(m.rows)::text AS rows, max(m.delta_version)::text AS "deltaVersion",
            ${iso('max(m.published_at)')} AS "publishedAt", count(*)::int AS months,
            (SELECT count(*)::int FROM aggregation_failure f WHERE f.domain = m.domain AND f.table_name = m.table_name)
              AS "failedMonths",
            (SELECT f.reason FROM aggregation_failure f WHERE f.domain = m.domain AND f.table_name = m.table_name
             ORDER BY f.at DESC LIMIT 1) AS failure
     FROM aggregation_month m GROUP BY m.domain, m.table_name ORDER BY m.domain, m.table_name`,
  );
}

/** The lake's database of each domain. */
export async function domainDatabases(database: Queryable): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query<{ domain: string; name: string }>(
    'SELECT DISTINCT domain, database_name AS name FROM lake_table',
  );
  return new Map(rows.map((row) => [row.domain, row.name]));
}

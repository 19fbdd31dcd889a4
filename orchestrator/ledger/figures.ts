import type { Queryable } from './database.js';

/** Figures of the lake as the ledger has them; totals are kept by the triggers of migrations/0014_totals.sql. */
export interface TableFigures {
  readonly database: string;
  readonly table: string;
  readonly domain: string;
  readonly kind: string;
  readonly state: 'running' | 'halted';
  readonly reason: string | null;
  /** Paths that it has no column for: the first hundred are known. */
  readonly turnedAway: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly refused: number;
  /** That Spark merged into it. */
  readonly mergeSeconds: number;
  /** Seconds since 1970. */
  readonly lastMergeAt: number | null;
  /** Parts of batches that are not merged into it yet. */
  readonly openLanes: number;
  /** Age of the oldest of them; 0: none. */
  readonly laneSeconds: number;
  /**
   * Age of the oldest change that waits for the table, or may: of what is planned and not staged nobody knows yet which
   * tables it is for. Called old too early, never too late. 0: none waits.
   */
  readonly waitingSeconds: number;
}

/** All lake tables, by name. Open lanes are few, so this is quick however long the history is. */
export async function tableFigures(database: Queryable): Promise<TableFigures[]> {
  return database.query(
    `WITH open AS (
       SELECT l.table_id, count(*)::int AS lanes, min(b.planned_at) AS since FROM lane l JOIN batch b ON b.id = l.batch_id
       WHERE l.state <> 'committed' AND l.state <> 'merged' GROUP BY l.table_id),
     unstaged AS (
       SELECT CASE topic WHEN 'form-sql' THEN 'form' WHEN 'case-sql' THEN 'case' ELSE topic END AS kind,
              min(planned_at) AS since
       FROM batch WHERE state <> 'committed' AND staged_at IS NULL GROUP BY topic)
     SELECT t.database_name AS database, t.table_name AS "table", t.domain, t.kind, t.state, t.reason,
            coalesce(jsonb_array_length(t.overflow->'names'), 0) AS "turnedAway",
            coalesce(s.inserted, 0)::float8 AS inserted, coalesce(s.updated, 0)::float8 AS updated,
            coalesce(s.deleted, 0)::float8 AS deleted, coalesce(s.refused, 0)::float8 AS refused,
            coalesce(s.seconds, 0) AS "mergeSeconds", extract(epoch FROM s.last_merged_at)::float8 AS "lastMergeAt",
            coalesce(o.lanes, 0) AS "openLanes",
            coalesce(greatest(0, extract(epoch FROM now() - o.since)), 0)::float8 AS "laneSeconds",
            coalesce(greatest(0, extract(epoch FROM now() - least(o.since, u.since))), 0)::float8 AS "waitingSeconds"
     FROM lake_table t LEFT JOIN table_total s ON s.table_id = t.id LEFT JOIN open o ON o.table_id = t.id
       LEFT JOIN unstaged u ON u.kind = t.kind
     ORDER BY t.database_name, lower(t.table_name)`,
  );
}

export interface TopicFigures {
  readonly topic: string;
  readonly state: 'running' | 'paused' | 'halted';
  readonly reason: string | null;
  readonly planned: number;
  readonly staged: number;
  readonly halted: number;
  /** Batches and messages committed in all time. */
  readonly batches: number;
  readonly messages: number;
  readonly lastCommitAt: number | null;
  /** Age of the oldest batch that is not in the lake; 0: none. */
  readonly waitingSeconds: number;
  /** Age of the oldest batch that is not staged; 0: none. */
  readonly unstagedSeconds: number;
}

export async function topicFigures(database: Queryable): Promise<TopicFigures[]> {
  return database.query(
    `SELECT t.name AS topic, t.state, t.reason,
            count(b.id) FILTER (WHERE b.state = 'planned')::int AS planned,
            count(b.id) FILTER (WHERE b.state = 'staged')::int AS staged,
            count(b.id) FILTER (WHERE b.state = 'halted')::int AS halted,
            coalesce(s.batches, 0)::float8 AS batches, coalesce(s.messages, 0)::float8 AS messages,
            extract(epoch FROM s.last_committed_at)::float8 AS "lastCommitAt",
            coalesce(greatest(0, extract(epoch FROM now() - min(b.planned_at))), 0)::float8 AS "waitingSeconds",
            coalesce(greatest(0, extract(epoch FROM now() - min(b.planned_at) FILTER (WHERE b.staged_at IS NULL))), 0)::float8
              AS "unstagedSeconds"
     FROM topic t LEFT JOIN topic_total s ON s.topic = t.name
       LEFT JOIN batch b ON b.topic = t.name AND b.state <> 'committed'
     GROUP BY t.name, s.topic ORDER BY t.name`,
  );
}

/** A histogram's part: how many took at most `bounds[bucket]` and more than the bound before. */
export interface DurationFigures {
  readonly what: 'batch_stage' | 'batch_merge' | 'batch_total' | 'aggregation_step';
  readonly label: string;
  readonly bucket: number;
  readonly count: number;
  readonly seconds: number;
}

export async function durationFigures(
  database: Queryable,
): Promise<{ readonly bounds: readonly number[]; readonly parts: readonly DurationFigures[] }> {
  const [row] = await database.query<{ bounds: number[] }>('SELECT duration_bounds() AS bounds');
  const parts = await database.query<DurationFigures & Record<string, unknown>>(
    'SELECT what, label, bucket, count::float8 AS count, seconds FROM duration_total ORDER BY what, label, bucket',
  );
  return { bounds: row?.bounds ?? [], parts };
}

/** A count with what it is a count of. */
export interface Counted {
  readonly first: string;
  readonly second: string;
  readonly count: number;
}

/** Attempts that failed, by what was attempted and class. */
export async function failureCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    'SELECT source AS first, failure_class AS second, count::float8 AS count FROM failure_total ORDER BY 1, 2',
  );
}

/** What is set aside now, by kind of record and domain. */
export async function quarantineCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    `SELECT kind AS first, domain AS second, count(*)::float8 AS count FROM quarantine WHERE state = 'open'
     GROUP BY 1, 2 ORDER BY 1, 2`,
  );
}

/** Alerts that stand now, by kind; every kind has its row. */
export async function alertCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    `SELECT r.kind AS first, '' AS second, count(a.id)::float8 AS count
     FROM alert_rule r LEFT JOIN alert a ON a.kind = r.kind AND a.ended_at IS NULL AND NOT a.pending
     GROUP BY 1 ORDER BY 1`,
  );
}

/** Pauses that stand, by scope; requests that are not done, by kind and state; processes by what they do. */
export async function pauseCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    `SELECT s.scope AS first, '' AS second, count(p.id)::float8 AS count
     FROM unnest(ARRAY['all', 'topic', 'table', 'queue']) AS s (scope) LEFT JOIN pause p ON p.scope = s.scope
     GROUP BY 1 ORDER BY 1`,
  );
}

export async function requestCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    `SELECT 'aggregation' AS first, s.state AS second, count(r.id)::float8 AS count
     FROM unnest(ARRAY['waiting', 'running']) AS s (state)
       LEFT JOIN aggregation_request r ON r.state = s.state AND r.state IN ('waiting', 'running') GROUP BY s.state
     UNION ALL
     SELECT k.kind, 'running', count(r.id)::float8
     FROM unnest(ARRAY['reprocess', 'migration']) AS k (kind)
       LEFT JOIN reprocess_request r ON r.kind = k.kind AND r.state = 'running' GROUP BY k.kind
     ORDER BY 1, 2`,
  );
}

export async function processCounts(database: Queryable): Promise<Counted[]> {
  return database.query(
    `SELECT role AS first, '' AS second, count(*)::float8 AS count FROM process, unnest(roles) AS role
     WHERE seen_at > now() - interval '60 seconds' GROUP BY 1 ORDER BY 1`,
  );
}

/** When each domain last published a month of an aggregation, in seconds since 1970. */
export async function newestPublications(
  database: Queryable,
): Promise<{ readonly domain: string; readonly at: number }[]> {
  return database.query(
    `SELECT domain, extract(epoch FROM max(published_at))::float8 AS at FROM aggregation_month GROUP BY 1 ORDER BY 1`,
  );
}

/** A month of an aggregation, or a domain's schedule, that failed by itself and has not succeeded since. */
export interface FailedMonth {
  readonly domain: string;
  /** Null: the schedule, for a reason of its own. */
  readonly table: string | null;
  readonly month: string | null;
  readonly code: string | null;
  readonly reason: string;
}

export async function failedWork(database: Queryable): Promise<FailedMonth[]> {
  return database.query(
    `SELECT domain, table_name AS "table", month::text AS month, code, reason FROM aggregation_failure
     WHERE code <> 'CANCELLED'
     UNION ALL
     SELECT s.domain, NULL, s.month::text, NULL, coalesce(s.reason, 'no reason given') FROM schedule_run s
     WHERE s.state = 'failed' AND s.next_attempt_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM aggregation_failure f WHERE f.domain = s.domain)
     ORDER BY 1, 2, 3`,
  );
}

/** OPTIMIZE and VACUUM of all time, by kind and outcome. */
export interface MaintenanceFigures {
  readonly kind: 'optimize' | 'vacuum';
  readonly outcome: 'done' | 'gave_way' | 'failed';
  readonly runs: number;
  readonly seconds: number;
  readonly files: number;
  readonly bytes: number;
  readonly rowsPurged: number;
}

export async function maintenanceFigures(database: Queryable): Promise<MaintenanceFigures[]> {
  return database.query(
    `SELECT kind, outcome, runs::float8 AS runs, seconds, files::float8 AS files, bytes::float8 AS bytes,
       rows_purged::float8 AS "rowsPurged" FROM maintenance_total ORDER BY 1, 2`,
  );
}

import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** A month of an aggregation, or with `month: null` a table without months. */
export interface AggregationMonth {
  readonly domain: string;
  /** The output table. */
  readonly table: string;
  /** `YYYY-MM-01` */
  readonly month: string | null;
}

/** What a published month was computed from, and what came of it. */
export interface Publication {
  readonly runId: bigint;
  /** Table → Delta version that was read: lake tables, and other aggregations that were there. */
  readonly sources: ReadonlyMap<string, bigint>;
  /** Version of the output table that this month's rows came with. */
  readonly deltaVersion: bigint;
  readonly rows: bigint;
  readonly modelSha256: string;
  readonly configVersionId: bigint;
}

export type PublishedMonth = AggregationMonth &
  Publication & {
    readonly publishedAt: string;
    /** A later run that has written the lake, or may have, and is not published: it failed, or its process died. */
    readonly unfinishedRun?: bigint | null;
  };

/**
 * Notes that a month is published: the numbers of this run are what readers see. What changed in a source after its pinned
 * version makes it stale from the start, because staleness is worked out from versions when it is asked.
 * @returns false when a later run has published the month already
 */
export async function monthPublished(
  tx: Queryable,
  { domain, table, month, ...published }: AggregationMonth & Publication,
): Promise<boolean> {
  const sources = Object.fromEntries(
    [...published.sources].map(([name, version]) => [name, version.toString()]),
  );
  const rows = await tx.query(
    `INSERT INTO aggregation_month AS known
       (domain, table_name, month, run_id, delta_version, sources, rows, model_sha256, config_version_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (domain, table_name, (coalesce(month, '-infinity'::date))) DO UPDATE SET
       run_id = excluded.run_id, delta_version = excluded.delta_version, sources = excluded.sources, rows = excluded.rows,
       model_sha256 = excluded.model_sha256, config_version_id = excluded.config_version_id, published_at = now()
       WHERE known.run_id <= excluded.run_id
     RETURNING 1`,
    [
      domain,
      table,
      month,
      published.runId,
      published.deltaVersion,
      JSON.stringify(sources),
      published.rows,
      published.modelSha256,
      published.configVersionId,
    ],
  );
  await tx.query(
    'DELETE FROM aggregation_failure WHERE domain = $1 AND table_name = $2 AND month IS NOT DISTINCT FROM $3::date',
    [domain, table, month],
  );
  return rows.length > 0;
}

interface PublishedRow {
  [column: string]: unknown;
  domain: string;
  table: string;
  month: string | null;
  run_id: bigint;
  delta_version: bigint;
  sources: Readonly<Record<string, string>>;
  rows: bigint;
  model_sha256: string;
  config_version_id: bigint;
  published_at: string;
  unfinished_run: bigint | null;
}

/** All months a domain has published. */
export async function publishedMonths(database: Queryable, domain: string): Promise<PublishedMonth[]> {
  const rows = await database.query<PublishedRow>(
    `SELECT domain, table_name AS "table", month::text AS month, run_id, delta_version, sources, rows, model_sha256,
       config_version_id, to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS published_at,
       (SELECT max(r.id) FROM aggregation_run r
        WHERE r.domain = m.domain AND r.model = m.table_name AND r.month IS NOT DISTINCT FROM m.month AND r.id > m.run_id
          AND (r.state = 'running' OR (r.state = 'failed' AND r.delta_version IS NOT NULL))) AS unfinished_run
     FROM aggregation_month m WHERE domain = $1`,
    [domain],
  );
  return rows.map((row) => ({
    domain: row.domain,
    table: row.table,
    month: row.month,
    runId: row.run_id,
    sources: new Map(Object.entries(row.sources).map(([name, version]) => [name, BigInt(version)])),
    deltaVersion: row.delta_version,
    rows: row.rows,
    modelSha256: row.model_sha256,
    configVersionId: row.config_version_id,
    publishedAt: row.published_at,
    unfinishedRun: row.unfinished_run,
  }));
}

export interface MonthFailure extends AggregationMonth {
  readonly code: string;
  /** Ids and counts, never record content. */
  readonly reason: string;
  readonly at: string;
}

/** Notes why a month could not be computed; what is published of it stays. */
export async function monthFailed(database: Queryable, failure: Omit<MonthFailure, 'at'>): Promise<void> {
  await database.query(
    `INSERT INTO aggregation_failure (domain, table_name, month, code, reason) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (domain, table_name, (coalesce(month, '-infinity'::date))) DO UPDATE SET
       code = excluded.code, reason = excluded.reason, at = now()`,
    [failure.domain, failure.table, failure.month, failure.code, failure.reason],
  );
}

export async function failedMonths(database: Queryable, domain: string): Promise<MonthFailure[]> {
  return database.query(
    `SELECT domain, table_name AS "table", month::text AS month, code, reason,
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
     FROM aggregation_failure WHERE domain = $1`,
    [domain],
  );
}

/** The ledger's clock, which alone says what is due and what is in the future. */
export async function ledgerNow(database: Queryable): Promise<Date> {
  const [row] = await database.query<{ now: number }>('SELECT extract(epoch FROM now())::float8 AS now');
  return new Date((row?.now ?? 0) * 1000);
}

/** Months that failed of each domain, with the newest cause. */
export async function failuresByDomain(database: Queryable): Promise<
  {
    readonly domain: string;
    readonly months: number;
    readonly since: string;
    readonly code: string;
    readonly reason: string;
  }[]
> {
  return database.query(
    `SELECT domain, count(*)::int AS months, ${iso('min(at)')} AS since, (array_agg(code ORDER BY at DESC))[1] AS code,
            (array_agg(reason ORDER BY at DESC))[1] AS reason
     FROM aggregation_failure GROUP BY domain ORDER BY domain LIMIT 50`,
  );
}

import type { Hq } from './hq.js';

/** Counts of what the stores hold, and the latest moment written to them (null when empty). */
export interface HqStatus {
  readonly forms: Readonly<Record<string, number>>;
  readonly cases: Readonly<Record<string, number>>;
  readonly locations: number;
  readonly archivedLocations: number;
  readonly tombstones: number;
  readonly latest: string | null;
}

export async function statusOf(hq: Hq, domain: string): Promise<HqStatus> {
  const { main, shards } = hq.context.databases;
  const forms: Record<string, number> = {};
  const cases: Record<string, number> = {};
  for (const pool of shards) {
    await count(forms, pool, domain, FORM_COUNTS);
    await count(cases, pool, domain, CASE_COUNTS);
  }
  const { rows } = await main.query<{ all: number; archived: number; tombstones: number }>(
    `SELECT count(*)::int AS all, count(*) FILTER (WHERE is_archived)::int AS archived,
       (SELECT count(*)::int FROM cleanup_deletedsqldoc WHERE domain = $1) AS tombstones
     FROM locations_sqllocation WHERE domain = $1`,
    [domain],
  );
  return {
    forms,
    cases,
    locations: rows[0]?.all ?? 0,
    archivedLocations: rows[0]?.archived ?? 0,
    tombstones: rows[0]?.tombstones ?? 0,
    latest: await latestMoment(hq),
  };
}

/** The greatest server_modified_on or last_modified of all stores: a clock must not run behind it. */
export async function latestMoment(hq: Hq): Promise<string | null> {
  const { main, shards } = hq.context.databases;
  const moments = await Promise.all([
    newest(main, 'SELECT max(last_modified) AS moment FROM locations_sqllocation'),
    newest(main, 'SELECT max(last_modified) AS moment FROM locations_locationtype'),
    newest(main, 'SELECT max(deleted_on) AS moment FROM cleanup_deletedsqldoc'),
    ...shards.map((pool) =>
      newest(pool, 'SELECT max(server_modified_on) AS moment FROM form_processor_xforminstancesql'),
    ),
    ...shards.map((pool) =>
      newest(pool, 'SELECT max(server_modified_on) AS moment FROM form_processor_commcarecasesql'),
    ),
  ]);
  return moments.reduce(
    (late, moment) => (moment !== null && (late === null || moment > late) ? moment : late),
    null,
  );
}

type Pool = Hq['context']['databases']['main'];

const FORM_COUNTS = `SELECT CASE WHEN deleted_on IS NOT NULL THEN 'deleted' WHEN state = 1 THEN 'normal'
    WHEN state = 2 THEN 'archived' WHEN state = 4 THEN 'deprecated' ELSE 'other' END AS label, count(*)::int AS n
  FROM form_processor_xforminstancesql WHERE domain = $1 GROUP BY 1 ORDER BY 1`;
const CASE_COUNTS = `SELECT CASE WHEN deleted THEN 'deleted' ELSE type END AS label, count(*)::int AS n
  FROM form_processor_commcarecasesql WHERE domain = $1 GROUP BY 1 ORDER BY 1`;

async function count(into: Record<string, number>, pool: Pool, domain: string, sql: string): Promise<void> {
  const { rows } = await pool.query<{ label: string; n: number }>(sql, [domain]);
  for (const { label, n } of rows) into[label] = (into[label] ?? 0) + n;
}

async function newest(pool: Pool, sql: string): Promise<string | null> {
  const { rows } = await pool.query<{ moment: string | null }>(sql);
  return rows[0]?.moment ?? null;
}

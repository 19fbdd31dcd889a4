import type { Queryable } from './database.js';

/** A row of the search index (migrations/0011_jobs.sql), as people see it. Times are ISO 8601 in UTC. */
export interface IndexedJob {
  readonly id: string;
  readonly kind: 'ingestion' | 'page' | 'aggregation' | 'request' | 'reprocess' | 'migration';
  readonly state: 'waiting' | 'running' | 'retrying' | 'paused' | 'halted' | 'failed' | 'cancelled' | 'done';
  readonly title: string;
  readonly topic: string | null;
  readonly domain: string | null;
  readonly tables: string[];
  readonly month: string | null;
  readonly requestedBy: string | null;
  readonly attempts: number;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly failureClass: string | null;
  readonly failure: string | null;
}

/** What jobs are looked for by; all that is given must hold. */
export interface JobFilter {
  readonly q?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly topic?: string | undefined;
  readonly domain?: string | undefined;
  /** `database.table`, or the table's name alone. */
  readonly table?: string | undefined;
  /** `YYYY-MM-01` */
  readonly month?: string | undefined;
  readonly failureClass?: string | undefined;
  /** Made from (inclusive) until (exclusive). */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Where a page ended: the newest job of the next one is older than this. */
export interface JobPlace {
  /** With microseconds, as the ledger has it. */
  readonly createdAt: string;
  readonly id: string;
}

const COLUMNS = `id, kind, state, title, topic, domain, tables, month::text AS month, requested_by AS "requestedBy", attempts,
  ${iso('created_at')} AS "createdAt", ${iso('started_at')} AS "startedAt", ${iso('ended_at')} AS "endedAt",
  failure_class AS "failureClass", failure`;

/** The newest jobs of the filter behind `after`, with the place of each. */
export async function findJobs(
  database: Queryable,
  filter: JobFilter,
  after: JobPlace | undefined,
  limit: number,
): Promise<{ job: IndexedJob; place: JobPlace }[]> {
  const params: unknown[] = [];
  let where = conditions(filter, params);
  if (after !== undefined)
    where += ` AND (created_at, id) < ($${params.push(after.createdAt)}::timestamptz, $${params.push(after.id)})`;
  const rows = await database.query<IndexedJob & { place: string }>(
    `SELECT ${COLUMNS}, created_at::text AS place FROM job WHERE ${where}
     ORDER BY created_at DESC, id DESC LIMIT $${params.push(limit)}`,
    params,
  );
  return rows.map(({ place, ...job }) => ({ job, place: { createdAt: place, id: job.id } }));
}

export async function readJobs(database: Queryable, ids: readonly string[]): Promise<IndexedJob[]> {
  return database.query(
    `SELECT ${COLUMNS} FROM job WHERE id = ANY($1::text[]) ORDER BY created_at DESC, id DESC`,
    [ids],
  );
}

/** Ids of jobs whose row has changed since a moment of the ledger's clock, and that clock now; for live updates. */
export async function jobsChangedSince(
  database: Queryable,
  moment: string | undefined,
  limit = 200,
): Promise<{ readonly ids: readonly string[]; readonly now: string }> {
  const [clock] = await database.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  const now = clock?.now ?? '';
  if (moment === undefined) return { ids: [], now };
  const rows = await database.query<{ id: string }>(
    // A transaction that was open at the last look may have written an older moment: a few seconds are looked at twice.
    `SELECT id FROM job WHERE changed_at > $1::timestamptz - interval '3 seconds' ORDER BY changed_at DESC LIMIT $2`,
    [moment, limit],
  );
  return { ids: rows.map((row) => row.id), now };
}

/** Facets that are counted, by the name they have in a filter. */
export const FACETS = ['kind', 'state', 'failureClass', 'topic', 'domain'] as const;
export type Facet = (typeof FACETS)[number];

/** So many jobs of a value are counted and no more: what matters is whether there are none, few or many. */
export const FACET_CAP = 1_000;

/** Counts jobs per value of a facet, up to one more than the cap; the most frequent first. */
export async function countFacet(
  database: Queryable,
  filter: JobFilter,
  facet: Facet,
  values: readonly string[],
): Promise<{ value: string; count: number }[]> {
  const params: unknown[] = [];
  // A statement per value, because a plan that suits the most frequent one reads the whole index for a rare one.
  const counts = values.map((value) => {
    const where = conditions({ ...filter, [facet]: value }, params);
    return `SELECT $${params.push(value)}::text AS value, (SELECT count(*)::int FROM (
      SELECT 1 FROM job WHERE ${where} LIMIT ${FACET_CAP + 1}) AS counted) AS count`;
  });
  if (counts.length === 0) return [];
  const rows = await database.query<{ value: string; count: number }>(counts.join(' UNION ALL '), params);
  return rows.filter((row) => row.count > 0).sort((one, other) => other.count - one.count);
}

/** Domains that any job may be of. */
export async function jobDomains(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ domain: string }>(
    'SELECT DISTINCT domain FROM lake_table ORDER BY domain LIMIT 200',
  );
  return rows.map((row) => row.domain);
}

/** SQL of the filter; its values are put behind those of `params`. */
function conditions(filter: JobFilter, params: unknown[]): string {
  const parts = ['true'];
  const value = (given: unknown): string => `$${params.push(given)}`;
  const term = (name: string, given: string | undefined): void => {
    if (given !== undefined) parts.push(`words @@ job_term(${value(`=${name}:${given}`)})`);
  };
  if (filter.kind !== undefined) parts.push(`kind = ${value(filter.kind)}`);
  if (filter.state !== undefined) parts.push(`state = ${value(filter.state)}`);
  if (filter.failureClass !== undefined) parts.push(`failure_class = ${value(filter.failureClass)}`);
  if (filter.since !== undefined) parts.push(`created_at >= ${value(filter.since)}::timestamptz`);
  if (filter.until !== undefined) parts.push(`created_at < ${value(filter.until)}::timestamptz`);
  term('topic', filter.topic);
  term('domain', filter.domain);
  term('table', filter.table?.toLowerCase());
  term('month', filter.month);
  if (filter.q !== undefined && filter.q.trim() !== '') parts.push(`words @@ job_search(${value(filter.q)})`);
  return parts.join(' AND ');
}

/** A moment as text of one spelling, whatever the session's time zone is. */
function iso(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

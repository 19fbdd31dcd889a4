import type { Queryable } from './database.js';

/** A row of the search index (migrations/0011_jobs.sql), as people see it. Times are ISO 8601 in UTC. */
export interface IndexedJob {
  readonly id: string;
  readonly kind:
    | 'ingestion'
    | 'page'
    | 'aggregation'
    | 'request'
    | 'reprocess'
    | 'migration'
    | 'reconcile'
    | 'maintenance';
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

/**
 * What is frequent is found among so many of the newest jobs; what is not is rare, and all of it is looked up. Left to
 * choose, Postgres takes words for independent of each other and of time, and now and then reads the whole history.
 */
const NEWEST = 4_000;

/** The newest jobs of the filter behind `after`, with the place of each. */
export async function findJobs(
  database: Queryable,
  filter: JobFilter,
  after: JobPlace | undefined,
  limit: number,
): Promise<FoundJob[]> {
  if (isNone(filter)) return [];
  const params: unknown[] = [];
  const { columns, words } = conditions(filter, params);
  if (after !== undefined)
    columns.push(
      `(created_at, id) < ($${params.push(after.createdAt)}::timestamptz, $${params.push(after.id)})`,
    );
  const most = `ORDER BY created_at DESC, id DESC LIMIT $${params.push(limit)}`;
  const shown = `SELECT ${COLUMNS}, created_at::text AS place FROM`;
  const find = async (sql: string): Promise<FoundJob[]> => {
    const rows = await database.query<IndexedJob & { place: string }>(sql, params);
    return rows.map(({ place, ...job }) => ({ job, place: { createdAt: place, id: job.id } }));
  };
  if (words.length === 0) return find(`${shown} job WHERE ${all(columns)} ${most}`);
  const among = `SELECT * FROM job WHERE ${all(columns)} ORDER BY created_at DESC, id DESC LIMIT ${NEWEST}`;
  const newest = await find(`${shown} (${among}) AS newest WHERE ${all(words)} ${most}`);
  if (newest.length >= limit) return newest;
  return find(
    `WITH hits AS MATERIALIZED (SELECT * FROM job WHERE ${all([...columns, ...words])}) ${shown} hits ${most}`,
  );
}

/** A job as it was found. */
export interface FoundJob {
  readonly job: IndexedJob;
  readonly place: JobPlace;
}

export async function readJobs(database: Queryable, ids: readonly string[]): Promise<IndexedJob[]> {
  return database.query(
    `SELECT ${COLUMNS} FROM job WHERE id = ANY($1::text[]) ORDER BY created_at DESC, id DESC`,
    [ids],
  );
}

/** Facets that are counted, by the name they have in a filter. */
export const FACETS = ['kind', 'state', 'failureClass', 'topic', 'domain'] as const;
export type Facet = (typeof FACETS)[number];

/** So many jobs of a value are counted and no more: what matters is whether there are none, few or many. */
const FACET_CAP = 1_000;

/** Columns of facets. A job of several domains has none, and counts for none. */
const COLUMN_OF: Readonly<Record<Facet, string>> = {
  kind: 'kind',
  state: 'state',
  failureClass: 'failure_class',
  topic: 'topic',
  domain: 'domain',
};
/** So many of the newest jobs are looked through for words that are frequent. */
const COUNTED = 4_000;
/** More hits than this among them, one in a hundred, are not rare: only these are counted then. */
const FREQUENT = 40;

/**
 * Counts jobs per value of a facet, up to the cap; the most frequent first. Kinds, states and classes are
 * counted by their indexes, so that a rare one is found however old. Where words are looked for, what has too many hits is
 * counted among the newest jobs alone.
 */
export async function countFacet(
  database: Queryable,
  filter: JobFilter,
  facet: Facet,
  values: readonly string[],
): Promise<Count[]> {
  const possible = values.filter((value) => !isNone({ ...filter, [facet]: value }));
  if (possible.length === 0) return [];
  const own: JobFilter = { ...filter, [facet]: undefined };
  const isByColumn = facet !== 'topic' && facet !== 'domain' && conditions(own, []).words.length === 0;
  const counts = isByColumn
    ? await countByIndex(database, own, facet, possible)
    : await countHits(database, own, facet, possible);
  return counts.filter((each) => each.count > 0).sort((one, other) => other.count - one.count);
}

interface Count {
  readonly value: string;
  readonly count: number;
  /** So many or more. */
  readonly isCapped: boolean;
}

/** A statement per value, because a plan that suits the most frequent one reads the whole index for a rare one. */
async function countByIndex(
  database: Queryable,
  filter: JobFilter,
  facet: Facet,
  values: readonly string[],
): Promise<Count[]> {
  const params: unknown[] = [];
  const counts = values.map((value) => {
    const where = all(conditions({ ...filter, [facet]: value }, params).columns);
    return `SELECT $${params.push(value)}::text AS value, (SELECT count(*)::int FROM (
      SELECT 1 FROM job WHERE ${where} LIMIT ${FACET_CAP + 1}) AS counted) AS count`;
  });
  const rows = await database.query<{ value: string; count: number }>(counts.join(' UNION ALL '), params);
  return rows.map(({ value, count }) => ({
    value,
    count: Math.min(count, FACET_CAP),
    isCapped: count > FACET_CAP,
  }));
}

async function countHits(
  database: Queryable,
  filter: JobFilter,
  facet: Facet,
  values: readonly string[],
): Promise<Count[]> {
  const params: unknown[] = [];
  const { columns, words } = conditions(filter, params);
  const column = COLUMN_OF[facet];
  const allowed = `${column} = ANY($${params.push(values)}::text[])`;
  // The row without a value tells how many jobs were looked through, and how many of them were hits.
  const rows = await database.query<{ value: string | null; count: number; among: number }>(
    `WITH newest AS MATERIALIZED (
       SELECT ${column}, (${all(words)}) AS is_hit FROM job WHERE ${all(columns)} ORDER BY created_at DESC, id DESC LIMIT ${COUNTED})
     SELECT ${column} AS value, count(*)::int AS count, 0 AS among FROM newest WHERE is_hit AND ${allowed} GROUP BY 1
     UNION ALL SELECT NULL, count(*) FILTER (WHERE is_hit)::int, count(*)::int FROM newest`,
    params,
  );
  const looked = rows.find((row) => row.value === null);
  const isWhole = (looked?.among ?? 0) < COUNTED;
  if (isWhole || words.length === 0 || (looked?.count ?? 0) >= FREQUENT)
    return rows.flatMap(({ value, count }) => (value === null ? [] : [{ value, count, isCapped: !isWhole }]));
  const where = all([...columns, ...words, allowed]);
  const counted = await database.query<{ value: string; count: number }>(
    `WITH hits AS MATERIALIZED (SELECT ${column} AS value FROM job WHERE ${where})
     SELECT value, count(*)::int AS count FROM hits GROUP BY 1`,
    params,
  );
  return counted.map(({ value, count }) => ({
    value,
    count: Math.min(count, FACET_CAP),
    isCapped: count > FACET_CAP,
  }));
}

/** Domains that any job may be of. */
export async function jobDomains(database: Queryable): Promise<string[]> {
  const rows = await database.query<{ domain: string }>(
    'SELECT DISTINCT domain FROM lake_table ORDER BY domain LIMIT 200',
  );
  return rows.map((row) => row.domain);
}

/**
 * Filters that no job can ever meet. Postgres takes them for independent, expects to find some soon, and would look
 * through the whole history for the first.
 */
function isNone({ kind, topic, month, state, failureClass }: JobFilter): boolean {
  const isBatch = kind === 'ingestion' || kind === 'page';
  const isAggregation = kind === 'aggregation' || kind === 'request';
  return (
    ((isAggregation || kind === 'maintenance') && topic !== undefined) ||
    ((isBatch || kind === 'maintenance') && month !== undefined) ||
    (topic !== undefined && month !== undefined) ||
    (state === 'done' && failureClass !== undefined)
  );
}

/** SQL of the filter, by columns and by words; its values are put behind those of `params`. */
function conditions(filter: JobFilter, params: unknown[]): { columns: string[]; words: string[] } {
  const [columns, words]: [string[], string[]] = [[], []];
  const value = (given: unknown): string => `$${params.push(given)}`;
  const term = (name: string, given: string | undefined): void => {
    if (given !== undefined) words.push(`words @@ job_term(${value(`=${name}:${given}`)})`);
  };
  if (filter.kind !== undefined) columns.push(`kind = ${value(filter.kind)}`);
  if (filter.state !== undefined) columns.push(`state = ${value(filter.state)}`);
  if (filter.failureClass !== undefined) columns.push(`failure_class = ${value(filter.failureClass)}`);
  if (filter.since !== undefined) columns.push(`created_at >= ${value(filter.since)}::timestamptz`);
  if (filter.until !== undefined) columns.push(`created_at < ${value(filter.until)}::timestamptz`);
  term('topic', filter.topic);
  term('domain', filter.domain);
  term('table', filter.table?.toLowerCase());
  term('month', filter.month);
  if (filter.q !== undefined && filter.q.trim() !== '') words.push(`words @@ job_search(${value(filter.q)})`);
  return { columns, words };
}

/** All of them must hold. */
function all(parts: readonly string[]): string {
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** A moment as text of one spelling, whatever the session's time zone is. */
function iso(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

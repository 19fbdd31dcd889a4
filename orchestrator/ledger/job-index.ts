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
  const where = new Conditions(filter);
  if (after !== undefined)
    where.add(`(created_at, id) < (${where.value(after.createdAt)}::timestamptz, ${where.value(after.id)})`);
  const rows = await database.query<IndexedJob & { place: string }>(
    `SELECT ${COLUMNS}, created_at::text AS place FROM job WHERE ${where.text}
     ORDER BY created_at DESC, id DESC LIMIT ${where.value(limit)}`,
    where.values,
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
const FACETS = {
  kind: 'kind',
  state: 'state',
  failureClass: 'failure_class',
  topic: 'topic',
  domain: 'domain',
} as const;
export type Facet = keyof typeof FACETS;
export const FACET_NAMES = Object.keys(FACETS) as readonly Facet[];

/** So many jobs of a value are counted, no more: what counts is whether there are any, few or many. */
export const FACET_CAP = 1_000;

/**
 * Counts jobs per value of a facet, up to the cap. The facet's own value in the filter is left out, so that the others
 * can be seen and chosen.
 */
export async function countFacet(
  database: Queryable,
  filter: JobFilter,
  facet: Facet,
  values: readonly string[],
): Promise<{ value: string; count: number }[]> {
  const where = new Conditions({ ...filter, [facet]: undefined });
  const matches =
    facet === 'topic' || facet === 'domain'
      ? `words @@ (${quoted(`'=${facet}:'`)} || replace(replace(v.value, '\\', '\\\\'), '''', '''''') || '''')::tsquery`
      : `${FACETS[facet]} = v.value`;
  const rows = await database.query<{ value: string; count: number }>(
    `SELECT v.value, c.count FROM unnest(${where.value(values)}::text[]) AS v(value)
       CROSS JOIN LATERAL (SELECT count(*)::int AS count FROM (
         SELECT 1 FROM job WHERE ${where.text} AND ${matches} LIMIT ${FACET_CAP + 1}) AS some) AS c
     WHERE c.count > 0 ORDER BY c.count DESC, v.value`,
    where.values,
  );
  return rows;
}

import { jobFacets, searchJobs, type JobSearch } from '../../orchestrator/jobs/search-jobs.js';
import type { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import type { JobFilter } from '../../orchestrator/ledger/job-index.js';
import { openLedger } from '../integration/ledger/fresh-ledger.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { quantile, readable } from './statistics.js';

const DOMAINS = 20;
const TABLES = 40;
const ROWS_PER_STATEMENT = 20_000;
const ROUNDS = 7;

/** Kinds of looking for jobs that people do: frequent and rare values, together and against each other. */
const SEARCHES: readonly Omit<JobSearch, 'limit'>[] = [
  {},
  { q: 'batch-77123' },
  { q: 'form-sql' },
  { q: 'raw_type_7_case' },
  { q: 'driver-20260101-0042' },
  { q: 'HQ_READ_FAILED shard' },
  { q: 'type' },
  { q: 'AUDIT_FAILED 2026' },
  { q: '1' },
  { q: 'no such word at all' },
  { q: 'form-sql HQ_READ_FAILED' },
  { kind: 'ingestion' },
  { kind: 'aggregation', state: 'failed' },
  { kind: 'migration' },
  { state: 'failed' },
  { state: 'running' },
  { state: 'cancelled', failureClass: 'config' },
  { failureClass: 'bug' },
  { kind: 'aggregation', topic: 'form-sql' },
  { topic: 'location', failureClass: 'transient' },
  { domain: 'domain-3' },
  { domain: 'domain-3', state: 'failed' },
  { domain: 'domain-3', kind: 'aggregation', month: '2024-05-01' },
  { table: 'raw_type_7_case', domain: 'domain-7' },
  { table: 'raw_type_7_case', state: 'halted' },
  { kind: 'ingestion', state: 'done', topic: 'case-sql', q: 'type_9' },
  { month: '2024-05-01' },
  { since: '2024-01-01T00:00:00Z', until: '2024-01-02T00:00:00Z' },
  { since: '2024-01-01T00:00:00Z', until: '2024-02-01T00:00:00Z', failureClass: 'transient' },
  { until: '2023-06-01T00:00:00Z', state: 'failed', domain: 'domain-1' },
];

/** Looking for jobs in a ledger that has had a million of them, on a Postgres as it comes. */
export const jobs: Measurement = {
  name: 'jobs',
  title: 'Searching jobs: the newest, the deepest page, facets, over all kinds of filters',
  needsStack: false,
  async measure(bench) {
    const count = { smoke: 2_000, quick: 200_000, full: 1_000_000 }[bench.size];
    const ledger = await openLedger();
    bench.after(() => ledger.close());
    await fill(bench, ledger.database, count);
    const first = await timed(bench, SEARCHES, (search) => searchJobs(ledger, { ...search, limit: 50 }));
    const cursor = await deepCursor(ledger.database, count);
    const deep = await timed(bench, SEARCHES, (search) =>
      searchJobs(ledger, { ...search, cursor, limit: 50 }),
    );
    const filters: readonly JobFilter[] = SEARCHES;
    const facets = await timed(bench, filters, (filter) => jobFacets(ledger, filter));
    return [
      ...figures(`first page among ${readable(count)} jobs`, first, 200),
      ...figures('page in the middle of the history', deep, 200),
      ...figures('facets', facets, 1_000),
    ];
  },
};

async function fill(bench: Bench, database: LedgerDatabase, count: number): Promise<void> {
  const indexes = await database.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE tablename = 'job' AND indexname <> 'job_pkey'`,
  );
  // A million rows into a whole index take an hour, one by one; filled first, it is made in a minute.
  for (const { name } of indexes) await database.query(`DROP INDEX ${name}`);
  for (let from = 0; from < count; from += ROWS_PER_STATEMENT) {
    const until = Math.min(count, from + ROWS_PER_STATEMENT);
    await database.query(FILL, [from + 1, until, count]);
    bench.progress(`${readable(until)} jobs written`);
  }
  await database.transaction(async (tx) => {
    await tx.query('SET LOCAL statement_timeout = 0');
    for (const { definition } of indexes) await tx.query(definition);
    await tx.query('ANALYZE job');
  });
}

/** As the triggers write them: nine of ten are batches, one in fifty has failed, the newest few are open. */
const FILL = `
  INSERT INTO job (id, kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at,
                   ended_at, failure_class, failure, words)
  SELECT prefix || '-' || n, kind, state, title, topic, domain, tables, month, who, 1, at, at, at + interval '40 seconds',
    class, failure,
    job_words(ARRAY[prefix || '-' || n, topic, who, failure, title, driver] || tables || domain,
              job_terms(topic, ARRAY[domain], tables, month))
  FROM generate_series($1::int, $2::int) AS n
    CROSS JOIN LATERAL (SELECT hashint4(n)::bigint & 1048575 AS h) AS hashed
    CROSS JOIN LATERAL (SELECT
      CASE WHEN h % 100 < 80 THEN 'ingestion' WHEN h % 100 < 90 THEN 'page' WHEN h % 1000 < 990 THEN 'aggregation'
           WHEN h % 1000 < 998 THEN 'request' WHEN h % 10000 = 9999 THEN 'migration' ELSE 'reprocess' END AS kind) AS k
    CROSS JOIN LATERAL (SELECT
      CASE WHEN kind IN ('ingestion', 'page') THEN 'batch' WHEN kind IN ('aggregation', 'request') THEN kind ELSE 'reprocess' END
        AS prefix,
      CASE WHEN kind IN ('ingestion', 'page') THEN (ARRAY['form-sql', 'case-sql', 'location'])[1 + h % 3] END AS topic,
      'domain-' || h % ${DOMAINS} AS domain,
      CASE WHEN kind IN ('aggregation', 'request') THEN date '2020-01-01' + ((h % 80) || ' months')::interval END::date AS month,
      CASE WHEN kind IN ('request', 'reprocess', 'migration') THEN 'person-' || h % 9 END AS who,
      'driver-20260101-' || lpad((n / 20 % 10000)::text, 4, '0') AS driver,
      timestamptz '2023-01-01' + n * (interval '1200 days' / $3::int) AS at) AS a
    CROSS JOIN LATERAL (SELECT
      CASE WHEN prefix = 'batch'
           THEN ARRAY(SELECT format('commcarehq_domain_%s.raw_type_%s_case', h % ${DOMAINS}, (h / 7 + i) % ${TABLES})
                      FROM generate_series(1, 1 + (h % 5)::int) AS i)
           ELSE ARRAY[format('commcarehq_domain_%s.agg_%s', h % ${DOMAINS}, h % 12)] END AS tables,
      CASE WHEN n > $3::int - 40 THEN 'running' WHEN h % 1000 < 15 THEN 'failed' WHEN h % 1000 < 17 THEN 'cancelled'
           WHEN h % 100000 < 3 THEN 'halted' ELSE 'done' END AS state) AS s
    CROSS JOIN LATERAL (SELECT
      CASE WHEN state IN ('failed', 'cancelled', 'halted')
           THEN CASE WHEN state = 'cancelled' THEN 'config' WHEN h % 5 = 0 THEN 'bug' WHEN h % 5 < 3 THEN 'transient' ELSE 'data' END
      END AS class,
      CASE WHEN state IN ('failed', 'halted') THEN (ARRAY['HQ_READ_FAILED: shard 2 does not answer',
             'AUDIT_FAILED: weights_in_range returned 3 rows', 'DELTA_LOG_UNREADABLE: version 12 is gone'])[1 + h % 3]
           WHEN state = 'cancelled' THEN 'CANCELLED: cancelled by person-1: wrong month' END AS failure,
      CASE prefix WHEN 'batch' THEN topic || ' ' || h % 50000 || ' records'
                  ELSE 'agg_' || h % 12 || coalesce(' ' || to_char(month, 'YYYY-MM'), '') END AS title) AS f`;

/** The cursor behind half of all jobs. */
async function deepCursor(database: LedgerDatabase, count: number): Promise<string> {
  const [row] = await database.query<{ at: string; id: string }>(
    'SELECT created_at::text AS at, id FROM job ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1',
    [Math.floor(count / 2)],
  );
  return Buffer.from(JSON.stringify([row?.at, row?.id])).toString('base64url');
}

interface Timed {
  readonly all: readonly number[];
  readonly slowest: { readonly search: string; readonly ms: number };
}

/** Milliseconds of every search, several rounds; the first one warms the cache and does not count. */
async function timed<T extends object>(
  bench: Bench,
  searches: readonly T[],
  act: (search: T) => Promise<unknown>,
): Promise<Timed> {
  const all: number[] = [];
  let slowest = { search: '', ms: 0 };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const search of searches) {
      const began = performance.now();
      await act(search);
      const ms = performance.now() - began;
      if (round === 0) {
        if (ms > 200) bench.progress(`${readable(ms)} ms at first: ${JSON.stringify(search)}`);
        continue;
      }
      all.push(ms);
      if (ms > slowest.ms) slowest = { search: JSON.stringify(search), ms };
    }
  }
  return { all, slowest };
}

function figures(what: string, { all, slowest }: Timed, atMost: number): Figure[] {
  const how = `${all.length} searches of ${SEARCHES.length} kinds; slowest ${readable(slowest.ms)} ms: ${slowest.search}`;
  return [
    { what: `${what}, p50`, value: quantile(all, 0.5), unit: 'ms' },
    { what: `${what}, p95`, value: quantile(all, 0.95), unit: 'ms', target: { atMost }, how },
  ];
}

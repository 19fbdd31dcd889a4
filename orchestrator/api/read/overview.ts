import { failuresByDomain, ledgerNow } from '../../ledger/aggregation-months.js';
import { countFacet, findJobs } from '../../ledger/job-index.js';
import { activeConfigVersion } from '../../ledger/lake.js';
import { listPauses } from '../../ledger/pauses.js';
import { TOPIC_OF_KIND } from '../../types.js';
import type { ApiParts } from '../parts.js';
import type { Overview } from '../schemas/operate.js';
import { causeOf } from './cause.js';
import type { MonthCounter } from './months.js';
import { nextRuns } from './schedules.js';
import { tablesNow, type TableNow } from './tables.js';
import { topicsNow, type TopicNow } from './topics.js';
import { verdictOf } from './verdict.js';

type Failing = Overview['failing'][number];

/** What is shown of what fails; the rest is counted on its own pages. */
const MOST_FAILING = 20;
const MOST_DOMAINS = 200;
const FAILED_JOBS_DAYS = 7;

/** The home page in one answer. */
export async function overviewNow(parts: ApiParts, counter: MonthCounter): Promise<Overview> {
  const { database } = parts;
  const [topics, tables, pauses] = [
    await topicsNow(parts),
    await tablesNow(parts),
    await listPauses(database),
  ];
  const domains = await domainsOf(tables, counter);
  const states = await countFacet(database, {}, 'state', ['running', 'retrying', 'waiting']);
  const count = (...names: string[]): number =>
    states.filter(({ value }) => names.includes(value)).reduce((sum, each) => sum + each.count, 0);
  const halted = tables.filter(({ table }) => table.state === 'halted');
  const pausedAll = pauses.find(({ scope }) => scope === 'all') ?? null;
  const quarantined = topics.reduce((sum, { topic }) => sum + topic.quarantined, 0);
  const newest = Math.max(
    ...topics.map(({ topic }) => (topic.newestCommitAt === null ? 0 : Date.parse(topic.newestCommitAt))),
  );
  const now = await ledgerNow(database);
  return {
    verdict: verdictOf({
      topics: topics.map(({ topic }) => topic),
      haltedTables: halted.map(({ table }) => ({
        name: table.name,
        topic: table.kind === 'aggregation' ? '' : TOPIC_OF_KIND[table.kind],
        reason: table.reason,
      })),
      pausedAll,
      failedMonths: domains.reduce((sum, each) => sum + each.failedMonths, 0),
      staleMonths: domains.reduce((sum, each) => sum + each.staleMonths, 0),
      kafkaReason: topics.find((each) => each.unreachable !== null)?.unreachable ?? null,
      quarantined,
      newestSeconds: newest > 0 ? Math.max(0, (now.getTime() - newest) / 1000) : null,
    }),
    topics: topics.map(({ topic: { name, state, health, lag, lagSeconds, secondsToCatchUp } }) => ({
      ...{ name, state, health, lag, lagSeconds, secondsToCatchUp },
    })),
    domains,
    failing: [
      ...topics.flatMap(failingTopic),
      ...halted.map((each) => failingTable(each, now)),
      ...(await failedMonths(parts)),
      ...(await failedJobs(parts, now)),
    ].slice(0, MOST_FAILING),
    running: count('running', 'retrying'),
    waiting: count('waiting'),
    quarantined,
    nextRuns: await runsAhead(parts, now),
    pauses: pauses.length,
  };
}

async function domainsOf(tables: readonly TableNow[], counter: MonthCounter): Promise<Overview['domains']> {
  const names = [...new Set(tables.map(({ table }) => table.domain))].slice(0, MOST_DOMAINS);
  return Promise.all(
    names.map(async (domain) => {
      const own = tables.filter(({ table }) => table.domain === domain).map(({ table }) => table);
      // Without an applied lake.yaml, or with models that do not fit it, the rest of the page is still good.
      const counts = await counter.of(domain).catch(() => ({ stale: 0, failed: 0 }));
      return {
        domain,
        tables: own.length,
        halted: own.filter(({ state }) => state === 'halted').length,
        freshnessSeconds: Math.max(0, ...own.map((table) => table.freshnessSeconds)),
        staleMonths: counts.stale,
        failedMonths: counts.failed,
      };
    }),
  );
}

function failingTopic({ topic, haltedBatch }: TopicNow): Failing[] {
  if (topic.state !== 'halted') return [];
  const href =
    haltedBatch === null ? `/topics/${encodeURIComponent(topic.name)}` : `/jobs/batch-${haltedBatch}`;
  return [{ what: `Topic ${topic.name} is halted`, since: null, cause: causeOf(topic.reason), href }];
}

function failingTable({ table, facts }: TableNow, now: Date): Failing {
  const page = `/tables/${encodeURIComponent(table.database)}/${encodeURIComponent(table.name)}`;
  const waits = facts !== null && facts.waitingSeconds > 0;
  return {
    what: `Table ${table.database}.${table.name} is halted`,
    since: waits ? new Date(now.getTime() - facts.waitingSeconds * 1000).toISOString() : null,
    cause: causeOf(table.reason ?? facts?.failure ?? null, facts?.failureClass ?? null),
    href: facts === null || facts.failingBatch === null ? page : `/jobs/batch-${facts.failingBatch}`,
  };
}

async function failedMonths({ database }: ApiParts): Promise<Failing[]> {
  const rows = await failuresByDomain(database);
  return rows.map(({ domain, months, since, code, reason }) => ({
    what: `${months} ${months === 1 ? 'month' : 'months'} of ${domain} failed`,
    since,
    cause: causeOf(reason.includes(code) ? reason : `${code}: ${reason}`),
    href: `/months/${encodeURIComponent(domain)}`,
  }));
}

async function failedJobs({ database }: ApiParts, now: Date): Promise<Failing[]> {
  const since = new Date(now.getTime() - FAILED_JOBS_DAYS * 86_400_000).toISOString();
  const found = [];
  for (const kind of ['reprocess', 'migration', 'request'])
    found.push(...(await findJobs(database, { kind, state: 'failed', since }, undefined, 5)));
  return found.map(({ job }) => ({
    what: `${job.title} failed`,
    since: job.endedAt,
    cause: causeOf(job.failure, job.failureClass),
    href: `/jobs/${job.id}`,
  }));
}

async function runsAhead(parts: ApiParts, now: Date): Promise<Overview['nextRuns']> {
  const active = await activeConfigVersion(parts.database);
  if (active === undefined) return [];
  return nextRuns(await parts.configOf(active.id), now, 1).flatMap(({ domain, clock, next }) =>
    next.map((each) => ({ domain, ...each, timeZone: clock.timeZone })),
  );
}

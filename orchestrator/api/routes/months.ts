import { z } from 'zod';
import { requestAggregation } from '../../aggregation/requests.js';
import type { MonthState } from '../../aggregation/month-states.js';
import { openRequestMonths } from '../../ledger/aggregation-requests.js';
import { ledgerNow } from '../../ledger/aggregation-months.js';
import { scheduleHistory } from '../../ledger/schedule-runs.js';
import { domainOf } from '../../config/lake.js';
import { requireCaller } from '../access/guard.js';
import { acts, reads } from '../access/roles.js';
import { activeConfig } from '../active-config.js';
import type { Api, ApiParts } from '../parts.js';
import { notFound } from '../problems.js';
import { monthsNow } from '../read/months.js';
import { nextRuns } from '../read/schedules.js';
import { domainName } from '../schemas/common.js';
import { accepted } from '../schemas/jobs.js';
import { months, type MonthCell } from '../schemas/lake.js';
import { aggregationAsk, schedules } from '../schemas/operate.js';

const RUNS_SHOWN = 24;
const NEXT_SHOWN = 3;

/** Months of aggregations: how they stand, when they come due, having them computed. */
export function monthRoutes(app: Api, parts: ApiParts): void {
  const { database, models } = parts;

  app.get(
    '/domains',
    {
      config: reads(),
      schema: {
        tags: ['months'],
        summary: 'Names of the domains that lake.yaml lists',
        response: { 200: z.object({ domains: z.array(z.string()) }) },
      },
    },
    async () => ({ domains: Object.keys((await activeConfig(parts)).config.domains) }),
  );

  app.get(
    '/domains/:domain/months',
    {
      config: reads(),
      schema: {
        tags: ['months'],
        summary: 'How each month of each aggregation stands, and why',
        description:
          'fresh, stale or missing, with what is asked for or being computed now. `month` null: a table without months.',
        params: z.object({ domain: domainName }),
        response: { 200: months },
      },
    },
    async (request) => {
      const { domain } = request.params;
      await requireKnown(domain);
      const states = (await monthsNow(parts, domain)).all();
      const work = await openRequestMonths(database, domain);
      return {
        domain,
        tables: models.all.map((model) => model.table),
        months: [...new Set(states.flatMap((state) => state.month ?? []))].sort(),
        cells: states.map((state) => cellOf(state, work)),
        cli: `dimagi-lake months ${domain}`,
      };
    },
  );

  app.post(
    '/aggregations',
    {
      config: acts('operator', 'run aggregation'),
      schema: {
        tags: ['months'],
        summary: 'Have a month of an aggregation computed',
        description:
          'With all it needs that is missing or stale. `table`: a table, or `all`. `force`: although it is fresh. The same `idempotencyKey` again is the same request.',
        body: aggregationAsk,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const { domain, table, month, force, idempotencyKey, reason } = request.body;
      request.auditTarget = `${table} of ${domain} ${month}`;
      const { config } = await activeConfig(parts);
      const ask = {
        ...{ domain, table, month, force, by: requireCaller(request).name },
        reason: reason ?? null,
        idempotencyKey: idempotencyKey ?? null,
      };
      const { id, repeated } = await requestAggregation(
        { database, models, config, configOf: parts.configOf },
        ask,
      );
      void reply.code(202);
      const message = repeated ? 'It was asked for already' : 'It is computed by the next free worker';
      return { jobId: `request-${id}`, message, repeated };
    },
  );

  app.get(
    '/schedules',
    {
      config: reads(),
      schema: {
        tags: ['months'],
        summary: 'Monthly schedules: what comes next, and what was done',
        response: { 200: schedules },
      },
    },
    async () => {
      const { config } = await activeConfig(parts);
      const planned = nextRuns(config, await ledgerNow(database), NEXT_SHOWN);
      return {
        schedules: await Promise.all(
          planned.map(async ({ domain, clock, next }) => {
            const own = domainOf(config, domain);
            return {
              ...{ domain, day: clock.day, hour: clock.hour, timeZone: clock.timeZone, next },
              tables: [...(own?.aggregations.schedule?.tables ?? models.all.map((model) => model.table))],
              closeAfter: own?.aggregations.close_after ?? 0,
              runs: await scheduleHistory(database, domain, RUNS_SHOWN),
            };
          }),
        ),
      };
    },
  );

  async function requireKnown(domain: string): Promise<void> {
    const { config } = await activeConfig(parts);
    if (domainOf(config, domain) === undefined) {
      throw notFound(`domain "${domain}" in lake.yaml`, 'GET /api/v1/domains lists them.');
    }
  }
}

function cellOf(state: MonthState, work: ReadonlyMap<string, 'waiting' | 'running'>): MonthCell {
  const { table, month, published, failure } = state;
  const key = (of: string): string => `${of} ${month ?? ''}`;
  return {
    ...{ table, month, state: state.state, closed: state.closed, due: state.due },
    work: work.get(key(table)) ?? work.get(key('all')) ?? 'none',
    reasons: [...state.reasons],
    publishedAt: published?.publishedAt ?? null,
    rows: published?.rows.toString() ?? null,
    run: published === null ? null : `aggregation-${published.runId}`,
    failure: failure === null ? null : { code: failure.code, reason: failure.reason, at: failure.at },
  };
}

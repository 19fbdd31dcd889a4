import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import {
  clockOf,
  dueMonths,
  runDue,
  type ScheduleParts,
} from '../../../orchestrator/aggregation/schedule.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { connectRedis, queuePrefix } from '../../../orchestrator/queue/queues.js';
import { runSchedules, type Schedules } from '../../../orchestrator/queue/schedules.js';
import { stackVariable } from '../../helpers/stack-environment.js';
import { until } from '../../helpers/until.js';
import { openLedger, type FreshLedger } from '../ledger/fresh-ledger.js';
import { ScheduledDomain } from './scheduled-domain.js';

describe('schedules with a Redis', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  const schedulesOf = (parts: ScheduleParts, domain: string): Schedules => {
    const clock = clockOf(parts.config, domain);
    assert.ok(clock !== undefined);
    return {
      clocks: new Map([[domain, clock]]),
      isDue: async () => (await dueMonths(parts, domain)).length > 0,
      run: async (_domain, signal) => (await runDue(parts, domain, signal)) !== undefined,
    };
  };
  /** A process that runs schedules until the test ends. */
  const start = (t: TestContext, lakeUuid: string, schedules: Schedules): void => {
    const connection = connectRedis(stackVariable('REDIS_URL'));
    const stop = new AbortController();
    const options = {
      lakeUuid,
      lockSeconds: 3,
      logger: createLogger({ level: 'error' }),
      signal: stop.signal,
    };
    const running = runSchedules(schedules, connection, options);
    t.after(async () => {
      stop.abort();
      await running;
      connection.disconnect();
    });
  };
  const overdue = async (name: string): Promise<ScheduledDomain> => {
    const domain = await ScheduledDomain.open(ledger, name);
    await domain.touch(...[3, 2, 1].map((months) => domain.ago(months)));
    await domain.lastDone(domain.ago(4));
    return domain;
  };
  const all = (domain: ScheduledDomain): string[] =>
    [3, 2, 1].flatMap((months) => [`base ${domain.ago(months)}`, `sums ${domain.ago(months)}`]);

  test('several processes catch up once what an outage missed', async (t) => {
    const [domain, lakeUuid] = [await overdue('together'), randomUUID()];
    for (const owner of ['a', 'b', 'c']) start(t, lakeUuid, schedulesOf(domain.parts(owner), domain.domain));
    await until(
      'nothing is due',
      async () => (await dueMonths(domain.parts('d'), domain.domain)).length === 0,
    );
    assert.deepEqual(domain.computed, all(domain));
  });

  test('a Redis that is flushed again and again loses no month and no timer', async (t) => {
    const [domain, lakeUuid] = [await overdue('flushed'), randomUUID()];
    const redis = new Redis(stackVariable('REDIS_URL'));
    t.after(() => {
      redis.disconnect();
    });
    const flushing = domain.parts('a', async (...one) => {
      await redis.flushall();
      await domain.publish(...one);
    });
    start(t, lakeUuid, schedulesOf(flushing, domain.domain));
    await until('nothing is due', async () => (await dueMonths(flushing, domain.domain)).length === 0);
    assert.deepEqual(domain.computed, all(domain));
    await redis.flushall();
    const queue = new Queue('schedule', { connection: redis, prefix: queuePrefix(lakeUuid) });
    await until('the timer is there', async () => (await queue.getJobSchedulersCount()) === 1);
    const [timer] = await queue.getJobSchedulers();
    assert.deepEqual([timer?.pattern, timer?.tz], ['0 0 0 1 * *', 'UTC']);
    await queue.close();
  });

  test('timers of domains without a schedule are taken away', async (t) => {
    const [domain, lakeUuid] = [await overdue('gone'), randomUUID()];
    const redis = new Redis(stackVariable('REDIS_URL'), { maxRetriesPerRequest: null });
    t.after(() => {
      redis.disconnect();
    });
    const queue = new Queue('schedule', { connection: redis, prefix: queuePrefix(lakeUuid) });
    await queue.upsertJobScheduler('month-of-another', { pattern: '0 0 1 1 * *' }, { data: { domain: 'x' } });
    start(t, lakeUuid, schedulesOf(domain.parts('a'), domain.domain));
    await until('only the own timer is there', async () => {
      const timers = await queue.getJobSchedulers();
      return timers.length === 1 && timers[0]?.key !== 'month-of-another';
    });
    await queue.close();
  });
});

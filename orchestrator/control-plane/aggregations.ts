import type { AggregationContext } from '../aggregation/context.js';
import { requestAggregation, runRequest } from '../aggregation/requests.js';
import { runAggregation } from '../aggregation/run-aggregation.js';
import {
  clockOf,
  dueMonths,
  requireKnownTables,
  runDue,
  type ScheduledMonth,
  type ScheduleParts,
} from '../aggregation/schedule.js';
import type { MonthlyClock } from '../aggregation/schedule-clock.js';
import type { LakeConfig } from '../config/lake.js';
import { asLakeError } from '../errors.js';
import { dueRequests } from '../ledger/aggregation-requests.js';
import { pauseOf } from '../ledger/pauses.js';
import { runRequests } from '../queue/requests.js';
import { connectRedis } from '../queue/queues.js';
import { repeat } from '../queue/repeat.js';
import { runSchedules, type Schedules } from '../queue/schedules.js';
import { reaggregateDone, type MonthToAsk } from '../reprocess/reaggregate.js';
import { loopingPart, type Part } from './part.js';

/** A month under way ends at its next step, in seconds; Spark's part of it is taken over by the next process. */
const MAY_TAKE_MS = 30_000;

/** How often it is looked for reprocesses that have ended. */
const REAGGREGATE_EVERY_MS = 2_000;

export interface QueueSettings {
  readonly redisUrl: string;
  readonly lakeUuid: string;
  readonly lockSeconds: number;
}

/** What a schedule needs of the aggregations' context. */
export function scheduleParts(context: AggregationContext): ScheduleParts {
  const { database, owner, logger, config, configVersionId, environment } = context;
  return {
    ...{ database, owner, logger, config, configVersionId },
    models: context.models.all,
    configOf: (versionId) => context.configOf(versionId),
    parallelism: environment.AGGREGATION_PARALLELISM,
    runOne: async (model, domain, month, signal) => {
      await runAggregation(context, { domain, model: model.table, month }, signal, { shared: true });
    },
  };
}

/** When each domain's months are due; those without a schedule are left out. */
export function clocksOf(config: LakeConfig): ReadonlyMap<string, MonthlyClock> {
  return new Map(
    Object.keys(config.domains).flatMap((domain): [string, MonthlyClock][] => {
      const clock = clockOf(config, domain);
      return clock === undefined ? [] : [[domain, clock]];
    }),
  );
}

/**
 * Runs the schedules until the signal aborts.
 * @param done told of every month that was computed
 */
export async function keepSchedules(
  parts: ScheduleParts,
  { redisUrl, ...queue }: QueueSettings,
  signal: AbortSignal,
  done: (months: readonly ScheduledMonth[]) => void,
): Promise<void> {
  const redis = connectRedis(redisUrl);
  const schedules: Schedules = {
    clocks: clocksOf(parts.config),
    isDue: async (domain) =>
      (await pauseOf(parts.database, { queue: 'schedule' })) === undefined &&
      (await dueMonths(parts, domain)).length > 0,
    run: async (domain, stopping) => {
      if ((await pauseOf(parts.database, { queue: 'schedule' })) !== undefined) return true;
      const months = await runDue(parts, domain, stopping);
      done(months ?? []);
      return months !== undefined;
    },
  };
  try {
    await runSchedules(schedules, redis, { ...queue, logger: parts.logger, signal });
  } finally {
    redis.disconnect();
  }
}

/** @throws LakeError CONFIG_INVALID when a schedule names an aggregation that is none */
export function startSchedule(context: AggregationContext, queue: QueueSettings): Part {
  const parts = scheduleParts(context);
  requireKnownTables(context.config, parts.models);
  return loopingPart((signal) => [keepSchedules(parts, queue, signal, () => undefined)], MAY_TAKE_MS);
}

/** Works on aggregations that were asked for. */
export function startRequests(context: AggregationContext, { redisUrl, ...queue }: QueueSettings): Part {
  const redis = connectRedis(redisUrl);
  const requests = {
    due: () => dueRequests(context.database),
    run: (id: bigint, signal: AbortSignal) => runRequest(context, id, signal),
  };
  const { logger } = context;
  const loops = loopingPart(
    (signal) => [
      runRequests(requests, redis, { ...queue, logger, signal }),
      keepReaggregating(context, signal),
    ],
    MAY_TAKE_MS,
  );
  return {
    async stop() {
      await loops.stop();
      redis.disconnect();
    },
  };
}

/** Asks for the months that a reprocess with `reaggregate` has made stale, when it has ended. */
function keepReaggregating(context: AggregationContext, signal: AbortSignal): Promise<void> {
  const { database, config, models, logger } = context;
  const parts = {
    ...{ database, config, models: models.all },
    configOf: (versionId: bigint) => context.configOf(versionId),
    request: async ({ reason, idempotencyKey, ...month }: MonthToAsk) => {
      try {
        await requestAggregation(context, {
          ...month,
          force: false,
          by: 'reprocess',
          reason,
          idempotencyKey,
        });
      } catch (thrown) {
        const error = asLakeError(thrown);
        if (error.retryable) throw thrown;
        // That one month can't be computed must not keep the others from it.
        logger.warn('month not asked for', { ...month, code: error.code, reason: error.message });
      }
    },
  };
  return repeat(
    'months after a reprocess',
    REAGGREGATE_EVERY_MS,
    async () => {
      await reaggregateDone(parts);
      return false;
    },
    logger,
    signal,
  );
}

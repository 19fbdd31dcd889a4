import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { MonthlyClock } from '../aggregation/schedule-clock.js';
import { asLakeError } from '../errors.js';
import type { Logger } from '../logger.js';
import { shortHash } from '../short-hash.js';
import { queuePrefix } from './queues.js';
import { repeat } from './repeat.js';

/**
 * Timers of the monthly schedules. Redis holds hints only: a tick, or a job that a sweep has put there, says "look what is
 * due", and the ledger tells. After a flush the next sweep writes all of it again.
 */
const NAME = 'schedule';
const SWEEP_MS = 2_000;
const BUSY_PAUSE_MS = 2_000;
/** Domains that one process computes at once; each runs several months side by side already. */
const CONCURRENCY = 2;

interface ScheduleJob {
  readonly domain: string;
}

export interface Schedules {
  /** By domain. */
  readonly clocks: ReadonlyMap<string, MonthlyClock>;
  /** Whether anything of a domain is due, as the ledger tells. */
  isDue(domain: string): Promise<boolean>;
  /** @returns false when another process is at it */
  run(domain: string, signal: AbortSignal): Promise<boolean>;
}

export interface ScheduleOptions {
  readonly lakeUuid: string;
  /** A worker that died holds its job so long. */
  readonly lockSeconds: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Ticks and sweeps until the signal aborts, then waits for what is under way. */
export async function runSchedules(
  schedules: Schedules,
  connection: Redis,
  { lakeUuid, lockSeconds, logger, signal }: ScheduleOptions,
): Promise<void> {
  const prefix = queuePrefix(lakeUuid);
  const queue = new Queue<ScheduleJob>(NAME, { connection, prefix });
  queue.on('error', () => undefined);
  const lockMs = lockSeconds * 1000;
  const worker = new Worker<ScheduleJob>(
    NAME,
    async (job) => {
      if (!(await schedules.run(job.data.domain, signal)))
        await sleep(BUSY_PAUSE_MS, undefined, { ref: false });
    },
    {
      connection,
      prefix,
      concurrency: CONCURRENCY,
      lockDuration: lockMs,
      stalledInterval: lockMs / 3,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    },
  );
  worker.on('failed', (job, error) => {
    const { code, message } = asLakeError(error);
    logger.warn('schedule failed; the sweep looks again', {
      domain: job?.data.domain,
      code,
      reason: message,
    });
  });
  worker.on('error', (error) => {
    logger.warn('queue worker error', { stage: NAME, reason: error.message });
  });
  try {
    await rebuild(queue, schedules.clocks);
    await repeat(
      'schedules',
      SWEEP_MS,
      async () => {
        await sweep(queue, schedules);
        return false;
      },
      logger,
      signal,
    );
  } finally {
    await worker.close();
    await queue.close();
  }
}

/** Writes a timer per domain anew, and takes away those of domains that have no schedule any more. */
async function rebuild(queue: Queue<ScheduleJob>, clocks: ReadonlyMap<string, MonthlyClock>): Promise<void> {
  const wanted = new Set([...clocks.keys()].map(timerId));
  for (const { key } of await queue.getJobSchedulers())
    if (!wanted.has(key)) await queue.removeJobScheduler(key);
  for (const [domain, { day, hour, timeZone }] of clocks)
    await queue.upsertJobScheduler(
      timerId(domain),
      { pattern: `0 0 ${hour} ${day} * *`, tz: timeZone },
      { name: NAME, data: { domain }, opts: { removeOnComplete: true, removeOnFail: true } },
    );
}

async function sweep(queue: Queue<ScheduleJob>, schedules: Schedules): Promise<void> {
  if ((await queue.getJobSchedulersCount()) !== schedules.clocks.size) await rebuild(queue, schedules.clocks);
  for (const domain of schedules.clocks.keys()) {
    if (!(await schedules.isDue(domain))) continue;
    // The same id: a job that waits or runs is not queued twice.
    await queue.add(
      NAME,
      { domain },
      { jobId: `due-${shortHash(domain, 16)}`, removeOnComplete: true, removeOnFail: true },
    );
  }
}

function timerId(domain: string): string {
  return `month-${shortHash(domain, 16)}`;
}

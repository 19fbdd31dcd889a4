import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { asLakeError } from '../errors.js';
import type { Logger } from '../logger.js';
import { queuePrefix } from './queues.js';
import { repeat } from './repeat.js';

/** Aggregations that were asked for. As everywhere a job is a hint; what is due the ledger tells, and a sweep looks. */
const NAME = 'aggregation';
const SWEEP_MS = 1_000;
const BUSY_PAUSE_MS = 1_000;
/** Requests that one process works on at once; each computes several months side by side already. */
const CONCURRENCY = 2;

interface RequestJob {
  readonly requestId: string;
}

export interface Requests {
  due(): Promise<readonly bigint[]>;
  /** @returns false when another process is at it */
  run(id: bigint, signal: AbortSignal): Promise<boolean>;
}

export interface RequestOptions {
  readonly lakeUuid: string;
  /** A worker that died holds its job so long. */
  readonly lockSeconds: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Works on requests until the signal aborts, then waits for what is under way. */
export async function runRequests(
  requests: Requests,
  connection: Redis,
  { lakeUuid, lockSeconds, logger, signal }: RequestOptions,
): Promise<void> {
  const prefix = queuePrefix(lakeUuid);
  const queue = new Queue<RequestJob>(NAME, { connection, prefix });
  queue.on('error', () => undefined);
  const lockMs = lockSeconds * 1000;
  const worker = new Worker<RequestJob>(
    NAME,
    async (job) => {
      if (!(await requests.run(BigInt(job.data.requestId), signal)))
        await sleep(BUSY_PAUSE_MS, undefined, { ref: false });
    },
    {
      ...{ connection, prefix, concurrency: CONCURRENCY, lockDuration: lockMs, stalledInterval: lockMs / 3 },
      // Repeating is always safe here, so a job is never given up for having stalled.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    },
  );
  worker.on('failed', (job, error) => {
    const { code, message } = asLakeError(error);
    logger.warn('request failed; the sweep looks again', {
      request: job?.data.requestId,
      code,
      reason: message,
    });
  });
  worker.on('error', (error) => {
    logger.warn('queue worker error', { stage: NAME, reason: error.message });
  });
  try {
    await repeat(
      'aggregation requests',
      SWEEP_MS,
      async () => {
        for (const id of await requests.due())
          // The same id: a job that waits or runs is not queued twice.
          await queue.add(
            NAME,
            { requestId: id.toString() },
            { jobId: `request-${id}`, removeOnComplete: true, removeOnFail: true },
          );
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

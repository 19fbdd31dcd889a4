import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { asLakeError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Pipeline } from '../pipeline.js';
import type { Enqueuer } from './enqueue.js';
import { queuePrefix, STAGES, type BatchJob, type Stage } from './queues.js';

/** Jobs of a stage that one process runs at once; topics are three, and one batch of each merges at a time. */
const CONCURRENCY: Readonly<Record<Stage, number>> = { stage: 3, merge: 4 };
const BUSY_PAUSE_MS = 500;

export interface WorkerOptions {
  readonly lakeUuid: string;
  /** A worker that died holds its job so long; as long as its leases, so that its work goes on when they run out. */
  readonly lockSeconds: number;
  readonly logger: Logger;
}

export interface Workers {
  /** Finishes jobs under way, takes no new ones. */
  close(): Promise<void>;
}

/** Starts this process's workers. Jobs carry no state: each looks into the ledger for what is to be done. */
export function startWorkers(
  pipeline: Pipeline,
  enqueuer: Enqueuer,
  connection: Redis,
  { lakeUuid, lockSeconds, logger }: WorkerOptions,
): Workers {
  const lockMs = lockSeconds * 1000;
  const workers = STAGES.map((stage) => {
    const worker = new Worker<BatchJob>(
      stage,
      async (job) => {
        const worked = await pipeline[stage](BigInt(job.data.batchId));
        // Another process is at it (or died at it, and its lease runs out): look again, but not at once.
        if (!worked) await sleep(BUSY_PAUSE_MS);
      },
      {
        connection,
        prefix: queuePrefix(lakeUuid),
        concurrency: CONCURRENCY[stage],
        lockDuration: lockMs,
        stalledInterval: lockMs / 3,
        // Repeating is always safe here, so a job is never given up for having stalled.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
      },
    );
    // The end of one job is often the start of the next batch's: asked at once, not at the next sweep.
    worker.on('completed', () => {
      enqueuer.enqueueDue().catch((thrown: unknown) => {
        logger.debug('enqueue failed; the sweeper repeats it', { reason: asLakeError(thrown).message });
      });
    });
    worker.on('failed', (job, error) => {
      logger.warn('job failed; the sweeper queues it again', { stage, job: job?.id, reason: error.message });
    });
    worker.on('error', (error) => {
      logger.warn('queue worker error', { stage, reason: error.message });
    });
    return worker;
  });
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

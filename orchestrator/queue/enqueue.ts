import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LedgerDatabase } from '../ledger/database.js';
import { dueWork } from '../ledger/batches.js';
import { jobId, queuePrefix, STAGES, type BatchJob, type Stage } from './queues.js';

/** Puts due ledger work into the queues. */
export class Enqueuer {
  readonly #database: LedgerDatabase;
  readonly #queues: ReadonlyMap<Stage, Queue<BatchJob>>;

  constructor(database: LedgerDatabase, connection: Redis, lakeUuid: string) {
    this.#database = database;
    this.#queues = new Map(
      STAGES.map((stage) => [
        stage,
        new Queue<BatchJob>(stage, { connection, prefix: queuePrefix(lakeUuid) }),
      ]),
    );
    for (const queue of this.#queues.values()) queue.on('error', () => undefined);
  }

  /** Adds a job for all work that is due and has none; adding what is queued already changes nothing. */
  async enqueueDue(): Promise<void> {
    for (const work of await dueWork(this.#database)) {
      const stage = work.stage === 'extract' ? 'stage' : 'merge';
      await this.#queues
        .get(stage)
        ?.add(
          stage,
          { batchId: work.batchId.toString() },
          { jobId: jobId(stage, work.batchId), removeOnComplete: true, removeOnFail: true },
        );
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }
}

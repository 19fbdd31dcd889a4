import { Queue } from 'bullmq';
import { LakeError } from '../errors.js';
import { connectRedis, queuePrefix, STAGES } from './queues.js';

/** How many jobs each queue holds. They are hints (queues.ts), so this tells how busy the workers are, not what is due. */
export interface Depth {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
}

/** Redis is asked once for all who look within this time; one that does not answer in time counts as away. */
const KEPT_MS = 2_000;
const PATIENCE_MS = 1_500;

export class QueueDepths {
  readonly #redis: ReturnType<typeof connectRedis>;
  readonly #queues: readonly Queue[];
  #kept: { readonly at: number; readonly depths: Promise<readonly Depth[] | null> } | undefined;

  constructor(redisUrl: string, lakeUuid: string, names: readonly string[] = STAGES) {
    this.#redis = connectRedis(redisUrl);
    this.#queues = names.map(
      (name) => new Queue(name, { connection: this.#redis, prefix: queuePrefix(lakeUuid) }),
    );
    for (const queue of this.#queues) queue.on('error', () => undefined);
  }

  /** @returns null when Redis does not answer */
  depths(): Promise<readonly Depth[] | null> {
    if (this.#kept === undefined || Date.now() - this.#kept.at > KEPT_MS)
      this.#kept = { at: Date.now(), depths: this.#ask() };
    return this.#kept.depths;
  }

  /** @throws LakeError SERVICE_UNREACHABLE when Redis does not answer */
  async requireDepths(): Promise<readonly Depth[]> {
    const depths = await this.depths();
    if (depths === null) throw new LakeError('SERVICE_UNREACHABLE', 'Redis does not answer');
    return depths;
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await Promise.all(this.#queues.map((queue) => queue.close().catch(() => undefined)));
  }

  async #ask(): Promise<readonly Depth[] | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, null);
    });
    const asked = Promise.all(
      this.#queues.map(async (queue) => {
        const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed');
        return {
          name: queue.name,
          waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
          running: counts['active'] ?? 0,
          delayed: counts['delayed'] ?? 0,
        };
      }),
    ).catch(() => null);
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

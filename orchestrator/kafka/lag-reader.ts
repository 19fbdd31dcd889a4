import type { Admin, Kafka } from 'kafkajs';
import { LakeError } from '../errors.js';
import { asKafkaError, readWatermarks, type Watermarks } from './client.js';

/** Many people may look at once; Kafka is asked once for all of them. */
const KEPT_MS = 3_000;
const FAILURE_KEPT_MS = 5_000;
/** A broker that hangs must not hold an answer up: it counts as away. */
const PATIENCE_MS = 4_000;
/** Kafka keeps messages for days; older ones count as this old. */
const OLDEST_SECONDS = 30 * 86_400;

interface Kept<T> {
  readonly at: number;
  readonly value: Promise<T>;
}

/** Asks Kafka how far the topics have come, with one connection and what it heard a few seconds ago. */
export class KafkaLag {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | undefined;
  #failed: { readonly at: number; readonly error: LakeError } | undefined;
  readonly #marks = new Map<string, Kept<ReadonlyMap<number, Watermarks>>>();
  readonly #ages = new Map<string, Kept<number> & { readonly committed: string }>();

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Earliest and next offset of each partition. @throws LakeError KAFKA_TOPIC_UNKNOWN, KAFKA_FAILED */
  watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>> {
    const known = this.#marks.get(topic);
    if (known !== undefined && Date.now() - known.at < KEPT_MS) return known.value;
    const value = this.#ask(`reading watermarks of ${topic}`, (admin) => readWatermarks(admin, topic));
    this.#marks.set(topic, { at: Date.now(), value });
    value.catch(() => this.#marks.delete(topic));
    return value;
  }

  /**
   * How old the oldest message is that stands at or behind these offsets, to a tenth of its age. Kafka is asked which offsets came
   * after a moment, for moments ever further back: that needs no reading of messages.
   * @param committed offset per partition that lags; must not be empty
   * @throws LakeError KAFKA_FAILED
   */
  oldestAge(topic: string, committed: ReadonlyMap<number, bigint>): Promise<number> {
    const key = [...committed].map(([partition, offset]) => `${partition}:${offset}`).join();
    const known = this.#ages.get(topic);
    // The message at an offset never changes, so only its age has grown.
    if (known?.committed === key) return known.value.then((age) => age + (Date.now() - known.at) / 1000);
    const value = this.#ask(`looking for the oldest message of ${topic}`, (admin) =>
      searchAge(admin, topic, committed),
    );
    this.#ages.set(topic, { at: Date.now(), committed: key, value });
    value.catch(() => this.#ages.delete(topic));
    return value;
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  async #ask<T>(act: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.#failed !== undefined) {
      this.#lookAgain(act);
      throw this.#failed.error;
    }
    try {
      return await inTime(this.#connected().then(ask));
    } catch (thrown) {
      throw this.#broke(thrown, act);
    }
  }

  /** While Kafka is away nobody waits for it: it is looked for beside, now and then, and found by the next question. */
  #lookAgain(act: string): void {
    if (this.#failed === undefined || Date.now() - this.#failed.at < FAILURE_KEPT_MS) return;
    this.#failed = { at: Date.now(), error: this.#failed.error };
    inTime(this.#connected().then((admin) => admin.describeCluster())).then(
      () => {
        this.#failed = undefined;
      },
      (thrown: unknown) => {
        this.#broke(thrown, act);
      },
    );
  }

  #broke(thrown: unknown, act: string): LakeError {
    const error = asKafkaError(thrown, act);
    if (error.code !== 'KAFKA_FAILED') return error;
    this.#failed = { at: Date.now(), error };
    const broken = this.#admin;
    this.#admin = undefined;
    broken?.then((admin) => admin.disconnect()).catch(() => undefined);
    return error;
  }

  #connected(): Promise<Admin> {
    this.#admin ??= (async () => {
      const admin = this.#kafka.admin({ retry: { retries: 1, initialRetryTime: 100 } });
      await admin.connect();
      return admin;
    })();
    return this.#admin;
  }
}

async function searchAge(
  admin: Admin,
  topic: string,
  committed: ReadonlyMap<number, bigint>,
): Promise<number> {
  const now = Date.now();
  /** Whether some message that is not committed is older than so many seconds. */
  const isOlder = async (seconds: number): Promise<boolean> => {
    const after = await admin.fetchTopicOffsetsByTimestamp(topic, Math.round(now - seconds * 1000));
    return after.some(({ partition, offset }) => {
      const mine = committed.get(partition);
      return mine !== undefined && BigInt(offset) > mine;
    });
  };
  let [younger, older] = [0, 10];
  while (older < OLDEST_SECONDS && (await isOlder(older))) [younger, older] = [older, older * 4];
  while (older - younger > Math.max(1, older / 10)) {
    const between = (younger + older) / 2;
    if (await isOlder(between)) younger = between;
    else older = between;
  }
  return (younger + older) / 2;
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new LakeError('KAFKA_FAILED', 'Kafka does not answer'));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

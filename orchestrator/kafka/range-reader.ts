import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { LakeError } from '../errors.js';
import type { OffsetRange } from '../types.js';
import { asKafkaError } from './client.js';

/** A message as read: the value's bytes, and where it stands. */
export interface RangeMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly value: Uint8Array | null;
}

/** No progress for so long means the brokers do not serve the range. */
const STALL_MS = 60_000;

/**
 * Reads exact offset ranges of one topic. kafkajs has no manual assignment, so this is a consumer in a group of its
 * own (never shared, never committed) that seeks: the poller is the only reader, and it stays connected, so that a
 * range costs a fetch and not a group join.
 */
export class RangeReader {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #consumer: Consumer | undefined;
  #assigned: readonly number[] = [];
  #reading: Reading | undefined;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /** Yields nothing twice and nothing outside the ranges; offsets Kafka no longer holds (compaction) are passed over. */
  async read(ranges: readonly OffsetRange[], onMessage: (message: RangeMessage) => void): Promise<void> {
    const wanted = ranges.filter((range) => range.until > range.from);
    if (wanted.length === 0) return;
    try {
      const reading = new Reading(wanted, onMessage);
      this.#reading = reading;
      await this.#start();
      this.#seek(wanted);
      await reading.done;
    } catch (thrown) {
      await this.close();
      throw asKafkaError(thrown, `reading ${this.#topic}`);
    } finally {
      this.#reading = undefined;
    }
  }

  async close(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.disconnect().catch(() => undefined);
  }

  async #start(): Promise<void> {
    if (this.#consumer !== undefined) return;
    const consumer = this.#kafka.consumer({
      groupId: `dimagi-lake-reader-${randomUUID()}`,
      sessionTimeout: 60_000,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition: 4 * 1024 * 1024,
    });
    this.#consumer = consumer;
    await consumer.connect();
    await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        this.#assigned = payload.memberAssignment[this.#topic] ?? [];
        resolve();
      });
    });
    // A batch of nothing but control records or aborted messages reaches no handler, but its end is told here. Of any
    // other batch this comes after its handler, when the next read may be under way: there it must count for nothing.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const reading = this.#reading;
      if (payload.batchSize > 0 || reading === undefined) return;
      reading.passed(payload.partition, BigInt(payload.lastOffset));
      if (!reading.wants(payload.partition)) this.#pause([payload.partition]);
    });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => this.#take(payload),
    });
    await joined;
  }

  /** Only partitions that are read are fetched: no batch of an older position is ever under way when this seeks. */
  #seek(ranges: readonly OffsetRange[]): void {
    const wanted = new Set(ranges.map((range) => range.partition));
    this.#pause(this.#assigned.filter((partition) => !wanted.has(partition)));
    for (const range of ranges) {
      this.#consumer?.resume([{ topic: this.#topic, partitions: [range.partition] }]);
      this.#consumer?.seek({ topic: this.#topic, partition: range.partition, offset: range.from.toString() });
    }
  }

  #pause(partitions: readonly number[]): void {
    if (partitions.length > 0) this.#consumer?.pause([{ topic: this.#topic, partitions: [...partitions] }]);
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const reading = this.#reading;
    // Fetched before the seek: it says nothing about the offsets between the seek and itself.
    if (payload.isStale()) return;
    if (reading === undefined || !reading.wants(batch.partition)) {
      payload.pause();
      return;
    }
    for (const message of batch.messages) {
      const offset = BigInt(message.offset);
      reading.take({ partition: batch.partition, offset, value: message.value });
      payload.resolveOffset(message.offset);
    }
    reading.passed(batch.partition, BigInt(batch.lastOffset()));
    if (!reading.wants(batch.partition)) payload.pause();
    await payload.heartbeat();
  }
}

/** One call of read(): which partitions still miss what. */
class Reading {
  readonly done: Promise<void>;
  readonly #onMessage: (message: RangeMessage) => void;
  /** By partition: the next offset to take, and the range's end. */
  readonly #open: Map<number, { next: bigint; readonly until: bigint }>;
  #resolve: () => void = () => undefined;
  #stalled: NodeJS.Timeout | undefined;
  #reject: (thrown: Error) => void = () => undefined;

  constructor(ranges: readonly OffsetRange[], onMessage: (message: RangeMessage) => void) {
    this.#onMessage = onMessage;
    this.#open = new Map(ranges.map((range) => [range.partition, { next: range.from, until: range.until }]));
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#watch();
  }

  wants(partition: number): boolean {
    return this.#open.has(partition);
  }

  take(message: RangeMessage): void {
    const open = this.#open.get(message.partition);
    // Messages fetched before the seek took effect, or beyond the range, are not ours.
    if (open === undefined || message.offset < open.next || message.offset >= open.until) return;
    open.next = message.offset + 1n;
    this.#onMessage(message);
  }

  passed(partition: number, lastOffset: bigint): void {
    this.#watch();
    const open = this.#open.get(partition);
    if (open === undefined || lastOffset + 1n < open.until) return;
    this.#open.delete(partition);
    if (this.#open.size > 0) return;
    clearTimeout(this.#stalled);
    this.#resolve();
  }

  #watch(): void {
    clearTimeout(this.#stalled);
    this.#stalled = setTimeout(() => {
      const partitions = [...this.#open]
        .map(([partition, open]) => `${partition} at ${open.next}`)
        .join(', ');
      this.#reject(new LakeError('KAFKA_FAILED', `Kafka serves no more of partition(s) ${partitions}`));
    }, STALL_MS);
  }
}

import { Kafka, logLevel, type Admin } from 'kafkajs';
import { LakeError } from '../errors.js';
import type { Logger } from '../logger.js';

/**
 * The consumer group whose offsets mirror what the ledger has committed, for lag tools. One per topic: kafkajs sets
 * offsets as a member of the group, and members of different topics would rebalance each other for ever.
 */
function mirrorGroup(topic: string): string {
  return `dimagi-lake-${topic}`;
}

export function createKafka(host: string, port: number, logger: Logger): Kafka {
  return new Kafka({
    clientId: 'dimagi-lake',
    brokers: [`${host}:${port}`],
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { retries: 5, initialRetryTime: 200 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      logger.debug('kafka', { namespace: entry.namespace, kafka: entry.log.message });
    },
  });
}

/** Earliest (low) and next (high) offset of each partition. */
export interface Watermarks {
  readonly low: bigint;
  readonly high: bigint;
}

/** @throws LakeError KAFKA_TOPIC_UNKNOWN, KAFKA_FAILED */
export async function readWatermarks(admin: Admin, topic: string): Promise<ReadonlyMap<number, Watermarks>> {
  try {
    const topics = await admin.listTopics();
    if (!topics.includes(topic)) {
      throw new LakeError('KAFKA_TOPIC_UNKNOWN', `Kafka has no topic "${topic}"`, { facts: { topic } });
    }
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets.map((each) => [each.partition, { low: BigInt(each.low), high: BigInt(each.high) }] as const),
    );
  } catch (thrown) {
    throw asKafkaError(thrown, `reading watermarks of ${topic}`);
  }
}

/** Mirrors the committed prefix as group offsets. The ledger stays the truth, so a failure is only a stale mirror. */
export async function mirrorOffsets(
  admin: Admin,
  topic: string,
  committed: ReadonlyMap<number, bigint>,
): Promise<void> {
  const partitions = [...committed].map(([partition, offset]) => ({ partition, offset: offset.toString() }));
  if (partitions.length > 0) await admin.setOffsets({ groupId: mirrorGroup(topic), topic, partitions });
}

export function asKafkaError(thrown: unknown, act: string): LakeError {
  if (thrown instanceof LakeError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LakeError('KAFKA_FAILED', `Kafka failed while ${act}: ${message}`, { cause: thrown });
}

import { LakeError } from '../errors.js';
import type { Watermarks } from './client.js';

/** Whatever knows how far Kafka's topics have come. */
export interface TopicEnds {
  /** Earliest and next offset of each partition. @throws LakeError KAFKA_FAILED, KAFKA_TOPIC_UNKNOWN */
  watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>>;
}

/**
 * Messages of each partition that are not in the lake yet. A partition that no batch has planned yet starts at Kafka's
 * earliest offset; of offsets that Kafka has lost, those it still has count.
 * @param committed first offset per partition that is not in the lake
 */
export function partitionLags(
  committed: ReadonlyMap<number, bigint>,
  marks: ReadonlyMap<number, Watermarks>,
): ReadonlyMap<number, number> {
  return new Map(
    [...marks].map(([partition, { low, high }]) => {
      const from = committed.get(partition) ?? low;
      return [partition, Math.max(0, Number(high - (from < low ? low : from)))];
    }),
  );
}

/** How far a topic has come; undefined: Kafka has no such topic (HQ makes a topic with its first message). @throws LakeError KAFKA_FAILED */
export async function endsOf(
  kafka: TopicEnds,
  topic: string,
): Promise<ReadonlyMap<number, Watermarks> | undefined> {
  try {
    return await kafka.watermarks(topic);
  } catch (thrown) {
    if (thrown instanceof LakeError && thrown.code === 'KAFKA_TOPIC_UNKNOWN') return undefined;
    throw thrown;
  }
}

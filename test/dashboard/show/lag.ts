import type { Kafka } from 'kafkajs';
import { KafkaLag } from '../../../orchestrator/kafka/lag-reader.js';

const PARTITIONS = 4;
/** Where the shown lake's topics end, and how old what waits is. */
const ENDS: Readonly<Record<string, { readonly end: number; readonly ageSeconds: number }>> = {
  'form-sql': { end: 252_120, ageSeconds: 41 * 60 },
  'case-sql': { end: 305_610, ageSeconds: 4 },
  location: { end: 41_200, ageSeconds: 0 },
};

/**
 * Offsets for pictures, which want a lag and no broker. Nothing is tested with it: tests of the lag have a real Kafka, and the
 * dashboard's own have none, for that it is away is a state that must be shown too.
 */
export function picturedLag(): KafkaLag {
  const admin = {
    listTopics: () => Promise.resolve(Object.keys(ENDS)),
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    fetchTopicOffsets: (topic: string) =>
      Promise.resolve(
        partitions((partition) => {
          const end = String(ENDS[topic]?.end ?? 0);
          return { partition, low: '180000', high: end, offset: end };
        }),
      ),
    fetchTopicOffsetsByTimestamp: (topic: string, moment: number) =>
      Promise.resolve(
        partitions((partition) => ({
          partition,
          offset: Date.now() - moment < (ENDS[topic]?.ageSeconds ?? 0) * 1000 ? '900000' : '0',
        })),
      ),
  };
  return new KafkaLag({ admin: () => admin } as unknown as Kafka);
}

function partitions<T>(make: (partition: number) => T): T[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => make(partition));
}

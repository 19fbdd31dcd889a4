import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Admin, Kafka, Producer } from 'kafkajs';
import { stackDown, stackUp } from '../../../deploy/stack/stack.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { createKafka } from '../../../orchestrator/kafka/client.js';
import { RangeReader, type RangeMessage } from '../../../orchestrator/kafka/range-reader.js';
import type { OffsetRange } from '../../../orchestrator/types.js';

/** A real broker: the environment's, else that of a stack started for this test. */
export interface Broker {
  readonly kafka: Kafka;
  readonly admin: Admin;
  close(): Promise<void>;
}

export async function openBroker(): Promise<Broker> {
  const given = {
    host: process.env['KAFKA_BOOTSTRAP_SERVER_HOST'],
    port: process.env['KAFKA_BOOTSTRAP_SERVER_PORT'],
  };
  let stop = (): Promise<void> => Promise.resolve();
  if (given.host === undefined || given.port === undefined) {
    const dir = mkdtempSync(join(tmpdir(), 'dimagi-lake-kafka-'));
    const { env } = await stackUp({ dir });
    given.host = env['KAFKA_BOOTSTRAP_SERVER_HOST'] ?? '';
    given.port = env['KAFKA_BOOTSTRAP_SERVER_PORT'] ?? '';
    stop = async () => {
      await stackDown(dir);
      rmSync(dir, { recursive: true, force: true });
    };
  }
  const kafka = createKafka(given.host, Number(given.port), createLogger({ level: 'error' }));
  const admin = kafka.admin();
  await admin.connect();
  return {
    kafka,
    admin,
    close: async () => {
      await admin.disconnect();
      await stop();
    },
  };
}

/** A topic of the test's own, deleted after it. */
export async function freshTopic(t: TestContext, broker: Broker, numPartitions: number): Promise<string> {
  const topic = `test-${randomUUID()}`;
  await broker.admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  t.after(() => broker.admin.deleteTopics({ topics: [topic] }));
  return topic;
}

export function freshReader(t: TestContext, broker: Broker, topic: string): RangeReader {
  const reader = new RangeReader(broker.kafka, topic);
  t.after(() => reader.close());
  return reader;
}

/** `p<partition>-<n>` for n from `from` on, to each partition. */
export async function produce(
  broker: Broker,
  topic: string,
  partitions: readonly number[],
  numbers: readonly number[],
  send?: Pick<Producer, 'send'>,
): Promise<void> {
  const producer = broker.kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    for (const partition of partitions) {
      const messages = numbers.map((n) => ({ partition, value: `p${partition}-${n}` }));
      await (send ?? producer).send({ topic, messages });
    }
  } finally {
    await producer.disconnect();
  }
}

/** What a read delivers, as `partition:offset value`, by partition and offset as they came. */
export async function readAll(reader: RangeReader, ranges: readonly OffsetRange[]): Promise<string[]> {
  const messages: RangeMessage[] = [];
  await reader.read(ranges, (message) => messages.push(message));
  return messages
    .map((message, place) => ({ message, place }))
    .sort((a, b) => a.message.partition - b.message.partition || a.place - b.place)
    .map(
      ({ message: { partition, offset, value } }) =>
        `${partition}:${offset} ${value === null ? 'null' : new TextDecoder().decode(value)}`,
    );
}

export function expected(partition: number, from: number, until: number): string[] {
  return Array.from(
    { length: until - from },
    (_, index) => `${partition}:${from + index} p${partition}-${from + index}`,
  );
}

export const range = (partition: number, from: number, until: number): OffsetRange => ({
  partition,
  from: BigInt(from),
  until: BigInt(until),
});

export const numbers = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

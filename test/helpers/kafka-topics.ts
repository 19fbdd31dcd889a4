import kafkajs, { Kafka, logLevel, type Admin } from 'kafkajs';
import { stackVariable } from './stack-environment.js';
import { until } from './until.js';

export function brokers(): string[] {
  return [`${stackVariable('KAFKA_BOOTSTRAP_SERVER_HOST')}:${stackVariable('KAFKA_BOOTSTRAP_SERVER_PORT')}`];
}

/**
 * Deletes the topics and makes them anew, empty, from offset 0. The names are fixed, so tests that need them run one
 * at a time.
 * @param partitions by topic
 */
export async function recreateTopics(partitions: Readonly<Record<string, number>>): Promise<void> {
  const names = Object.keys(partitions);
  await asAdmin(async (admin) => {
    await dropTopics(admin, names);
    const topics = names.map((topic) => ({
      topic,
      numPartitions: partitions[topic] ?? 1,
      replicationFactor: 1,
    }));
    // kafkajs's own wait gives up on a broker that does not know the topic yet.
    await admin.createTopics({ topics, waitForLeaders: false });
    await until('the new topics have leaders', () => haveLeaders(admin, names));
  });
}

async function haveLeaders(admin: Admin, names: readonly string[]): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  } catch {
    return false;
  }
}

/** Where each partition of a topic begins and ends. */
export async function endsOf(topic: string): Promise<{ partition: number; start: string; end: string }[]> {
  return asAdmin(async (admin) =>
    (await offsetsOf(admin, topic)).map(({ partition, low, high }) => ({ partition, start: low, end: high })),
  );
}

/** A broker whose topics were made a moment ago may say that it is not their leader; kafkajs does not ask again. */
async function offsetsOf(admin: Admin, topic: string): ReturnType<Admin['fetchTopicOffsets']> {
  return until(`${topic} tells its ends`, async () => {
    try {
      return await admin.fetchTopicOffsets(topic);
    } catch (thrown) {
      if (thrown instanceof kafkajs.KafkaJSError && thrown.retriable) return undefined;
      throw thrown;
    }
  });
}

/** Deletes the topics, and waits until they are gone. */
export async function deleteTopics(names: readonly string[]): Promise<void> {
  await asAdmin((admin) => dropTopics(admin, names));
}

/** Kafka forgets everything before these offsets, as retention makes it. */
export async function dropRecords(
  topic: string,
  before: readonly { readonly partition: number; readonly end: string }[],
): Promise<void> {
  const partitions = before.map(({ partition, end }) => ({ partition, offset: end }));
  await asAdmin(async (admin) => {
    // kafkajs looks the leaders up before it asks for them; a new client may know none.
    await offsetsOf(admin, topic);
    await admin.deleteTopicRecords({ topic, partitions });
  });
}

/** One more, empty. @returns how many there are now */
export async function addPartition(topic: string): Promise<number> {
  return asAdmin(async (admin) => {
    const count = (await offsetsOf(admin, topic)).length + 1;
    await admin.createPartitions({ topicPartitions: [{ topic, count }], validateOnly: false });
    await until('the new partition has a leader', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === count && (await haveLeaders(admin, [topic]));
    });
    return count;
  });
}

async function dropTopics(admin: Admin, names: readonly string[]): Promise<void> {
  const there = await admin.listTopics();
  const old = names.filter((name) => there.includes(name));
  if (old.length > 0) await admin.deleteTopics({ topics: old });
  await until(
    'the old topics are gone',
    async () => !(await admin.listTopics()).some((name) => names.includes(name)),
  );
}

async function asAdmin<T>(act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    clientId: 'dimagi-lake-test',
    brokers: brokers(),
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 100 },
  }).admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { mirrorOffsets, readWatermarks } from '../../../orchestrator/kafka/client.js';
import { RangeReader } from '../../../orchestrator/kafka/range-reader.js';
import { pick, seeded } from '../../helpers/seeded.js';
import { until } from '../../helpers/until.js';
import {
  expected,
  freshReader,
  freshTopic,
  numbers,
  openBroker,
  produce,
  range,
  readAll,
  type Broker,
} from './broker.js';

describe('reading exact offset ranges of a real Kafka', () => {
  let broker: Broker;
  before(async () => {
    broker = await openBroker();
  });
  after(async () => {
    await broker.close();
  });

  test('several partitions at once give every message of their ranges, in order, and none beyond', async (t) => {
    const topic = await freshTopic(t, broker, 3);
    await produce(broker, topic, [0, 1, 2], numbers(0, 500));
    const reader = freshReader(t, broker, topic);
    const read = await readAll(reader, [range(0, 0, 500), range(1, 13, 14), range(2, 100, 377)]);
    assert.deepEqual(read, [...expected(0, 0, 500), ...expected(1, 13, 14), ...expected(2, 100, 377)]);
  });

  test('reads in a row of one reader give each their own, forward, again and backward', async (t) => {
    const topic = await freshTopic(t, broker, 2);
    await produce(broker, topic, [0, 1], numbers(0, 300));
    const reader = freshReader(t, broker, topic);
    // One fetch holds all 300: every read but the last ends in the middle of what was fetched.
    for (const [from, until] of [
      [0, 10],
      [10, 20],
      [20, 300],
      [5, 8],
      [5, 8],
      [299, 300],
      [0, 1],
    ] as const) {
      assert.deepEqual(await readAll(reader, [range(0, from, until)]), expected(0, from, until));
    }
    assert.deepEqual(await readAll(reader, [range(1, 250, 260)]), expected(1, 250, 260));
    assert.deepEqual(await readAll(reader, [range(1, 3, 5), range(0, 298, 300)]), [
      ...expected(0, 298, 300),
      ...expected(1, 3, 5),
    ]);
  });

  test('any sequence of reads, one straight after the other, gives what was asked', async (t) => {
    const topic = await freshTopic(t, broker, 3);
    await produce(broker, topic, [0, 1, 2], numbers(0, 200));
    const reader = freshReader(t, broker, topic);
    const random = seeded(5);
    for (let round = 0; round < 60; round++) {
      const asked = [0, 1, 2]
        .filter(() => random() < 0.6)
        .map((partition) => {
          const from = Math.floor(random() * 200);
          return [partition, from, Math.min(200, from + pick(random, [0, 1, 2, 50, 200]))] as const;
        });
      const read = await readAll(
        reader,
        asked.map((each) => range(...each)),
      );
      assert.deepEqual(
        read,
        asked.flatMap((each) => expected(...each)),
        `round ${round}`,
      );
    }
  });

  test('messages that come while a range is read are left for the next one', async (t) => {
    const topic = await freshTopic(t, broker, 1);
    await produce(broker, topic, [0], numbers(0, 50));
    const reader = freshReader(t, broker, topic);
    const [read] = await Promise.all([
      readAll(reader, [range(0, 0, 50)]),
      produce(broker, topic, [0], numbers(50, 100)),
    ]);
    assert.deepEqual(read, expected(0, 0, 50));
    assert.deepEqual(await readAll(reader, [range(0, 50, 100)]), expected(0, 50, 100));
  });

  test('a range that ends in control records and aborted messages ends', async (t) => {
    const topic = await freshTopic(t, broker, 1);
    const producer = broker.kafka.producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    t.after(() => producer.disconnect());
    const committed = await producer.transaction();
    await produce(broker, topic, [0], [0, 1], committed);
    await committed.commit(); // the marker is offset 2
    const aborted = await producer.transaction();
    await produce(broker, topic, [0], [3, 4], aborted);
    await aborted.abort(); // offsets 3 and 4, and the marker 5
    // The broker answers before it has written the marker.
    const high = await until('the marker stands', async () => {
      const mark = (await readWatermarks(broker.admin, topic)).get(0)?.high ?? 0n;
      return mark > 3n ? mark : undefined;
    });
    assert.equal(high, 6n);
    const reader = freshReader(t, broker, topic);
    assert.deepEqual(await readAll(reader, [range(0, 0, 6)]), ['0:0 p0-0', '0:1 p0-1']);
    assert.deepEqual(await readAll(reader, [range(0, 2, 6)]), []);
    assert.deepEqual(await readAll(reader, [range(0, 1, 3)]), ['0:1 p0-1']);
    await produce(broker, topic, [0], [6]);
    assert.deepEqual(await readAll(reader, [range(0, 4, 7)]), ['0:6 p0-6']);
  });

  test('records that were deleted are passed over, and watermarks tell of them', async (t) => {
    const topic = await freshTopic(t, broker, 1);
    await produce(broker, topic, [0], numbers(0, 20));
    // The client learns of the topic's leaders by asking for its offsets.
    assert.deepEqual(await readWatermarks(broker.admin, topic), new Map([[0, { low: 0n, high: 20n }]]));
    await broker.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '15' }] });
    assert.deepEqual(await readWatermarks(broker.admin, topic), new Map([[0, { low: 15n, high: 20n }]]));
    const reader = freshReader(t, broker, topic);
    assert.deepEqual(await readAll(reader, [range(0, 10, 18)]), expected(0, 15, 18));
  });

  test('a message without a value is delivered as such', async (t) => {
    const topic = await freshTopic(t, broker, 1);
    const producer = broker.kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ value: null }, { value: 'after' }] });
    await producer.disconnect();
    const reader = freshReader(t, broker, topic);
    assert.deepEqual(await readAll(reader, [range(0, 0, 2)]), ['0:0 null', '0:1 after']);
  });

  test('empty ranges are read without asking Kafka', async () => {
    const reader = new RangeReader(broker.kafka, 'no-such-topic');
    assert.deepEqual(await readAll(reader, [range(0, 5, 5)]), []);
  });

  test('a topic that does not exist is told, not made', async () => {
    const topic = `absent-${randomUUID()}`;
    await assert.rejects(readWatermarks(broker.admin, topic), { code: 'KAFKA_TOPIC_UNKNOWN' });
    assert.ok(!(await broker.admin.listTopics()).includes(topic));
  });

  test('committed offsets are mirrored into a group that lag tools can read', async (t) => {
    const topic = await freshTopic(t, broker, 2);
    await produce(broker, topic, [0, 1], numbers(0, 5));
    await mirrorOffsets(
      broker.admin,
      topic,
      new Map([
        [0, 3n],
        [1, 5n],
      ]),
    );
    const [group] = await broker.admin.fetchOffsets({ groupId: `dimagi-lake-${topic}`, topics: [topic] });
    assert.deepEqual(group?.partitions.map(({ partition, offset }) => [partition, offset]).sort(), [
      [0, '3'],
      [1, '5'],
    ]);
  });
});

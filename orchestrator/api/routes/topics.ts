import { z } from 'zod';
import { BATCH_STATES, listBatches, type BatchFacts } from '../../ledger/batch-history.js';
import { readTopic } from '../../ledger/planning.js';
import { topicThroughput } from '../../ledger/topic-facts.js';
import { haltedTables } from '../../ledger/totals.js';
import { reads } from '../access/roles.js';
import { ledgerId } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { notFound } from '../problems.js';
import { causeOf } from '../read/cause.js';
import { topicsNow, type TopicNow } from '../read/topics.js';
import { batch, batches, batchQuery } from '../schemas/batches.js';
import { throughput, topicDetail, topics } from '../schemas/lake.js';

const byTopic = z.object({ topic: z.string().max(100) });
/** A point a minute: two weeks, and a page that a browser draws. */
const MOST_HOURS = 336;
const MOST_POINTS = 2_000;

/** Topics of Kafka: how far behind, and the batches that bring them in. */
export function topicRoutes(app: Api, parts: ApiParts): void {
  const { database } = parts;

  app.get(
    '/topics',
    {
      config: reads(),
      schema: {
        tags: ['topics'],
        summary: 'All topics with lag, pace and health',
        description: 'When Kafka does not answer, `lag` is null and all else is told.',
        response: { 200: topics },
      },
    },
    async () => {
      const now = await topicsNow(parts);
      const reason = now.find((each) => each.unreachable !== null)?.unreachable ?? null;
      return { topics: now.map((each) => each.topic), kafka: { reachable: reason === null, reason } };
    },
  );

  app.get(
    '/topics/:topic',
    {
      config: reads(),
      schema: {
        tags: ['topics'],
        summary: 'A topic with its partitions and what holds it up',
        params: byTopic,
        response: { 200: topicDetail },
      },
    },
    async (request) => {
      const now = await one(request.params.topic);
      const halted = await haltedTables(database, now.topic.name);
      const why = now.topic.reason ?? halted[0]?.reason ?? null;
      return {
        topic: now.topic,
        cause: why === null ? null : causeOf(why),
        partitions: partitionsOf(now, await plannedUntil(now.topic.name)),
        haltedTables: halted.map((table) => table.name),
        cli:
          now.topic.state === 'halted'
            ? `dimagi-lake resume ${now.topic.name}`
            : `dimagi-lake batches ${now.topic.name}`,
      };
    },
  );

  app.get(
    '/topics/:topic/throughput',
    {
      config: reads(),
      schema: {
        tags: ['topics'],
        summary: 'What was committed, minute by minute',
        params: byTopic,
        querystring: z.strictObject({ hours: z.coerce.number().int().min(1).max(MOST_HOURS).default(6) }),
        response: { 200: throughput },
      },
    },
    async (request) => {
      const { name } = (await one(request.params.topic)).topic;
      const points = await topicThroughput(database, name, request.query.hours, MOST_POINTS);
      return { points: points.toReversed() };
    },
  );

  app.get(
    '/batches',
    {
      config: reads(),
      schema: {
        tags: ['topics'],
        summary: 'Batches, the newest first',
        description:
          'A batch is a range of messages, or a page of records to be read again. `before` is the id of the last one shown.',
        querystring: batchQuery,
        response: { 200: batches },
      },
    },
    async (request) => {
      const { topic, state, before, limit } = request.query;
      const states =
        state === undefined
          ? undefined
          : state === 'open'
            ? BATCH_STATES.filter((each) => each !== 'committed')
            : [state];
      const olderThan = before === undefined ? undefined : ledgerId(before, 'batch');
      const found = await listBatches(database, { topic, states, olderThan, limit });
      return { batches: found.map(plain) };
    },
  );

  app.get(
    '/batches/:id',
    {
      config: reads(),
      schema: {
        tags: ['topics'],
        summary: 'One batch; its tables, runs and times are those of the job `batch-<id>`',
        params: z.object({ id: z.string().regex(/^\d{1,19}$/) }),
        response: { 200: batch },
      },
    },
    async (request) => {
      const [found] = await listBatches(database, { id: ledgerId(request.params.id, 'batch'), limit: 1 });
      if (found === undefined) throw notFound(`batch ${request.params.id}`);
      return plain(found);
    },
  );

  async function one(name: string): Promise<TopicNow> {
    const now = (await topicsNow(parts)).find((each) => each.topic.name === name);
    if (now === undefined) throw notFound(`topic "${name}" in the ledger`, 'GET /api/v1/topics lists them.');
    return now;
  }

  async function plannedUntil(topic: string): Promise<ReadonlyMap<number, bigint>> {
    return (await readTopic(database, topic)).plannedUntil;
  }
}

function plain(facts: BatchFacts): z.output<typeof batch> {
  return { ...facts, ranges: [...facts.ranges] };
}

function partitionsOf(
  { committed, marks }: TopicNow,
  planned: ReadonlyMap<number, bigint>,
): z.output<typeof topicDetail>['partitions'] {
  const numbers = new Set([...committed.keys(), ...(marks?.keys() ?? [])]);
  return [...numbers]
    .sort((a, b) => a - b)
    .map((partition) => {
      const mark = marks?.get(partition);
      const done = committed.get(partition) ?? mark?.low ?? 0n;
      // Without Kafka the ledger's own numbers stand in: nothing behind, nothing lost, as far as is known.
      const [earliest, end] = [mark?.low ?? done, mark?.high ?? done];
      return {
        partition,
        earliest: earliest.toString(),
        committed: done.toString(),
        planned: (planned.get(partition) ?? done).toString(),
        end: end.toString(),
        lag: Math.max(0, Number(end - done)),
        margin: Number(done - earliest),
      };
    });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS, type Topic } from '../../../../orchestrator/types.js';
import { dimagiLake } from '../../../helpers/dimagi-lake.js';
import type { FreshLake } from '../../../helpers/fresh-lake.js';
import { addPartition, dropRecords, endsOf, recreateTopics } from '../../../helpers/kafka-topics.js';
import { until } from '../../../helpers/until.js';
import { readEnds, untilIdle } from '../moments.js';
import type { Injector, Scene } from './injector.js';

/**
 * Kafka loses messages that we have not read. The one right answer is to halt and say so; then a person does what the
 * runbook says, and what was lost comes from HQ's own databases.
 */
function offsetsLost(lose: () => Promise<void>): Injector {
  let from = '';
  return {
    async prepare({ lake, manager }) {
      await untilIdle(lake, await readEnds());
      await manager.stopAll();
      from = new Date(Date.now() - 1_000).toISOString();
    },
    async inject(scene) {
      const { lake, manager } = scene;
      await lose();
      const lost = await topicsLost(lake);
      manager.start();
      if (lost.length === 0) return undefined;
      for (const topic of lost)
        await until(`${topic} halts`, async () => (await stateOf(lake, topic)) === 'halted');
      return async () => {
        for (const topic of lost) await goOnFromEarliest(scene, topic);
        scene.ends = await readEnds();
        // HQ's clock may be a little ahead of ours, and no span may end in the future.
        await sleep(1_000);
        const span = ['--from', from, '--until', new Date().toISOString()];
        await dimagiLake(lake, 'reprocess', '--domain', lake.domain, ...span, '--reason', 'lost offsets');
      };
    },
  };
}

export const retentionPassed = offsetsLost(async () => {
  for (const topic of TOPICS) await dropRecords(topic, await endsOf(topic));
});

export const topicRecreated = offsetsLost(async () => {
  const partitions = await Promise.all(
    TOPICS.map(async (topic) => [topic, (await endsOf(topic)).length] as const),
  );
  await recreateTopics(Object.fromEntries(partitions));
});

const GROWING: Topic = 'form-sql';

export const partitionsAdded: Injector = {
  async prepare({ say }) {
    say(`${GROWING} has ${await addPartition(GROWING)} partitions now`);
  },
  inject({ ends }) {
    const partitions = ends.get(GROWING) ?? new Map<number, bigint>();
    const used = partitions.get(partitions.size - 1) ?? 0n;
    return Promise.resolve(used > 0n ? () => Promise.resolve() : undefined);
  },
};

/** Topics of which Kafka no longer has what comes next: it begins after it, or ends before it. */
async function topicsLost(lake: FreshLake): Promise<Topic[]> {
  const { rows } = await lake.ledger.query<{ topic: string; partition: number; planned_until: string }>(
    'SELECT topic, partition, planned_until FROM topic_partition',
  );
  const lost: Topic[] = [];
  for (const topic of TOPICS) {
    const places = await endsOf(topic);
    const isLost = rows.some((row) => {
      const place = places.find(({ partition }) => row.topic === topic && partition === row.partition);
      const next = BigInt(row.planned_until);
      return place !== undefined && (BigInt(place.start) > next || BigInt(place.end) < next);
    });
    if (isLost) lost.push(topic);
  }
  return lost;
}

/** As deploy/runbook.md says of OFFSETS_LOST. */
async function goOnFromEarliest({ lake }: Scene, topic: Topic): Promise<void> {
  for (const { partition, start } of await endsOf(topic))
    await lake.ledger.query(
      'UPDATE topic_partition SET planned_until = $3 WHERE topic = $1 AND partition = $2',
      [topic, partition, start],
    );
  await dimagiLake(lake, 'resume', topic);
}

async function stateOf(lake: FreshLake, topic: Topic): Promise<string | undefined> {
  const { rows } = await lake.ledger.query<{ state: string }>('SELECT state FROM topic WHERE name = $1', [
    topic,
  ]);
  return rows[0]?.state;
}

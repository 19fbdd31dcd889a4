import { TOPICS } from '../../../orchestrator/types.js';
import type { FreshLake } from '../../helpers/fresh-lake.js';
import { endsOf } from '../../helpers/kafka-topics.js';
import { until } from '../../helpers/until.js';
import type { Moment } from './named-faults.js';

/** How often each moment has come so far, and how much is left to do. */
export type Counts = Readonly<Record<Moment | 'open', number>>;

const COUNTS = `SELECT
  (SELECT count(*)::int FROM batch) AS planned,
  (SELECT count(*)::int FROM batch WHERE staged_at IS NOT NULL) AS staged,
  (SELECT count(*)::int FROM run WHERE claimed_at IS NOT NULL) AS claimed,
  (SELECT count(*)::int FROM lane WHERE merged_at IS NOT NULL) AS merged,
  (SELECT count(*)::int FROM batch WHERE state = 'committed') AS committed,
  (SELECT count(*)::int FROM batch WHERE state <> 'committed')
    + (SELECT count(*)::int FROM reprocess_request WHERE state = 'running') AS open`;

/** @returns undefined while the ledger is away, or not made yet */
export async function countsOf(lake: FreshLake): Promise<Counts | undefined> {
  const answer = await lake.ledger.query<Counts>(COUNTS).catch(() => undefined);
  return answer?.rows[0];
}

/** Where Kafka ends now, by topic and partition: what the work has to reach before it can be called idle. */
export type Ends = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

export async function readEnds(): Promise<Ends> {
  const ends = new Map<string, ReadonlyMap<number, bigint>>();
  for (const topic of TOPICS)
    ends.set(topic, new Map((await endsOf(topic)).map(({ partition, end }) => [partition, BigInt(end)])));
  return ends;
}

/** Whether all that was on Kafka then is committed, and nothing else is under way. */
async function isIdle(lake: FreshLake, ends: Ends): Promise<boolean> {
  const counts = await countsOf(lake);
  if (counts === undefined || counts.open > 0) return false;
  const answer = await lake.ledger
    .query<{ topic: string; partition: number; planned_until: string }>(
      'SELECT topic, partition, planned_until FROM topic_partition',
    )
    .catch(() => undefined);
  if (answer === undefined) return false;
  const planned = new Map(
    answer.rows.map((row) => [`${row.topic} ${row.partition}`, BigInt(row.planned_until)]),
  );
  return [...ends].every(([topic, partitions]) =>
    [...partitions].every(([partition, end]) => (planned.get(`${topic} ${partition}`) ?? 0n) >= end),
  );
}

/** Longer than any recovery: two leases, a Spark that starts anew, a slow machine. */
const LONGEST_MS = 300_000;

/**
 * Waits for something that happens while work is under way.
 * @returns false when all the work was done without it
 */
export async function unlessIdle(
  lake: FreshLake,
  ends: Ends,
  what: string,
  found: () => boolean | Promise<boolean>,
): Promise<boolean> {
  return await until(
    what,
    async () => {
      if (await found()) return { happened: true };
      return (await isIdle(lake, ends)) ? { happened: await found() } : undefined;
    },
    LONGEST_MS,
  ).then(({ happened }) => happened);
}

/** Waits until all that was on Kafka then is committed. */
export async function untilIdle(lake: FreshLake, ends: Ends, longestMs = LONGEST_MS): Promise<void> {
  await until('all that is on Kafka is committed', () => isIdle(lake, ends), longestMs);
}

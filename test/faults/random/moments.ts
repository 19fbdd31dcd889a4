import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../orchestrator/types.js';
import type { FreshLake } from '../../helpers/fresh-lake.js';
import { endsOf } from '../../helpers/kafka-topics.js';
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

/** Work that gets no further for so long hangs: longer than any recovery (two leases, a Spark that starts anew) on a slow machine. */
const HANGS_AFTER_MS = 300_000;
/** Small runs on executors take minutes each beside others; no run of the harness takes this long. */
const LONGEST_MS = 2_400_000;
const LOOK_EVERY_MS = 100;

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
  const { happened } = await whileItGetsOn(lake, what, async () => {
    if (await found()) return { happened: true };
    return (await isIdle(lake, ends)) ? { happened: await found() } : undefined;
  });
  return happened;
}

/** Waits until all that was on Kafka then is committed. */
export async function untilIdle(lake: FreshLake, ends: Ends): Promise<void> {
  await whileItGetsOn(
    lake,
    'all that is on Kafka is committed',
    async () => (await isIdle(lake, ends)) || undefined,
  );
}

/** @throws Error naming `what` when nothing was planned, staged, merged or committed for long; tries that fail are no progress */
async function whileItGetsOn<T>(
  lake: FreshLake,
  what: string,
  found: () => Promise<T | undefined>,
): Promise<T> {
  const began = Date.now();
  let known = '';
  let since = began;
  for (;;) {
    const result = await found();
    if (result !== undefined) return result;
    const counts = await countsOf(lake);
    const now =
      counts === undefined ? known : [counts.planned, counts.staged, counts.merged, counts.committed].join();
    if (now !== known) [known, since] = [now, Date.now()];
    if (Date.now() - since > HANGS_AFTER_MS)
      throw new Error(`nothing got on for ${HANGS_AFTER_MS / 1000} s, and not so: ${what}`);
    if (Date.now() - began > LONGEST_MS) throw new Error(`not so after ${LONGEST_MS / 1000} s: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

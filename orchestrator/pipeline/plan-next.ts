import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { isKept, type LakeConfig } from '../config/lake.js';
import { crashPoint } from '../crash-point.js';
import { LakeError } from '../errors.js';
import { readWatermarks, type Watermarks } from '../kafka/client.js';
import type { RangeReader } from '../kafka/range-reader.js';
import type { Lease } from '../ledger/leases.js';
import { openBatches } from '../ledger/batches.js';
import { changesWait } from '../ledger/lanes.js';
import { pauseTopic } from '../ledger/halts.js';
import { pauseOf } from '../ledger/pauses.js';
import { haltedTables } from '../ledger/totals.js';
import { haltTopic, planBatch, readTopic } from '../ledger/planning.js';
import { cutRanges, type Cut, type LostOffsets } from '../plan/cut-ranges.js';
import { manifestFolder, writeIds } from '../plan/id-manifest.js';
import { ManifestBuilder } from '../plan/manifest.js';
import { KIND_OF_TOPIC, type OffsetRange, type Topic } from '../types.js';
import type { PipelineContext } from './context.js';

/** What a topic's poller holds while it leads; made in queue/poller.ts. */
export interface Poller {
  readonly topic: Topic;
  readonly lease: Lease;
  readonly admin: Admin;
  readonly reader: RangeReader;
  /** The configuration this process runs with; another active one refuses the plan. */
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
}

/**
 * Polls the topic and plans at most one batch.
 * @throws LakeError OFFSETS_LOST after halting the topic: lost changes are never skipped silently
 */
export async function planNext(context: PipelineContext, poller: Poller): Promise<bigint | undefined> {
  if ((await pauseOf(context.database, { queue: 'stage', topic: poller.topic })) !== undefined)
    return undefined;
  const state = await readTopic(context.database, poller.topic);
  if (state.state !== 'running' || (await mustWait(context, poller.topic))) return undefined;
  const cut = await gather(context, poller, state.plannedUntil);
  if (cut.lost.length > 0) throw await haltFor(context, poller.topic, cut.lost);
  if (cut.ranges.length === 0) return undefined;
  return planRanges(context, poller, cut.ranges);
}

/** Between two looks at a topic that is being written: most bursts of HQ have no longer pause. */
const BURST_PAUSE_MS = 200;
/** Of waiting for the end of a burst. */
const LONGEST_BURST_MS = 1_000;

/**
 * What the next batch is to hold. A batch costs as much for each of its tables whether it brings one row or thousands, so
 * that changes gather (decision 0029): for the end of a burst, and as long as changes that are planned wait for
 * their turn. A full batch gains nothing by that; a single change never waits for others.
 */
async function gather(
  { database, environment }: PipelineContext,
  { admin, topic }: Poller,
  plannedUntil: ReadonlyMap<number, bigint>,
): Promise<Cut> {
  const most = environment.MAX_RECORDS_TO_PROCESS;
  const look = async (): Promise<Cut> => cutRanges(plannedUntil, await readWatermarks(admin, topic), most);
  const isOver = ({ lost, ranges }: Cut): boolean =>
    lost.length > 0 || ranges.length === 0 || offsetsIn(ranges) >= BigInt(most);
  let cut = await look();
  if (isOver(cut)) return cut;
  if (await changesWait(database, topic)) return { ranges: [], lost: [] };
  const end = Date.now() + LONGEST_BURST_MS;
  for (let before = 1n; offsetsIn(cut.ranges) > before && !isOver(cut) && Date.now() < end;) {
    before = offsetsIn(cut.ranges);
    await sleep(BURST_PAUSE_MS);
    cut = await look();
  }
  return cut;
}

function offsetsIn(ranges: readonly OffsetRange[]): bigint {
  return ranges.reduce((sum, { from, until }) => sum + until - from, 0n);
}

/**
 * Batches of a topic that may be open at once. More would only fill the disk with staging files; when it is a halted
 * table that holds them up, the topic pauses, so that a person looks before Kafka's retention passes.
 */
const MOST_OPEN_BATCHES = 20;

async function mustWait(context: PipelineContext, topic: Topic): Promise<boolean> {
  const open = [...(await openBatches(context.database, topic)).values()].reduce(
    (sum, count) => sum + count,
    0,
  );
  if (open < MOST_OPEN_BATCHES) return false;
  const [halted] = await haltedTables(context.database, topic);
  if (halted !== undefined) {
    const reason = `${open} batches wait, behind the halted table ${halted.name}: ${halted.reason ?? ''}`;
    await pauseTopic(context.database, topic, reason);
    context.logger.error('topic paused', { topic, reason });
  }
  return true;
}

async function planRanges(
  context: PipelineContext,
  poller: Poller,
  ranges: readonly OffsetRange[],
): Promise<bigint> {
  const kind = KIND_OF_TOPIC[poller.topic];
  const manifest = new ManifestBuilder((domain) => isKept(poller.config, domain, kind));
  await poller.reader.read(ranges, (message) => {
    manifest.add(message);
  });
  // Retention may have passed the range since it was cut; the reader then went on behind the hole without a word.
  const lost = passedMeanwhile(ranges, await readWatermarks(poller.admin, poller.topic));
  if (lost.length > 0) throw await haltFor(context, poller.topic, lost);
  const written = await writeIds(context.checkpoint, manifest.entries());
  try {
    const batchId = await planBatch(context.database, poller.lease, {
      topic: poller.topic,
      configVersionId: poller.configVersionId,
      ranges,
      ...written,
      newestPublishTimestamp: manifest.newestPublishTimestamp,
      oddMessages: manifest.odd,
    });
    crashPoint('after-planning');
    context.logger.info('batch planned', {
      topic: poller.topic,
      batchId: batchId.toString(),
      ids: written.ids,
      odd: manifest.odd.length,
      ranges: ranges.map((range) => `${range.partition}:${range.from}-${range.until}`).join(' '),
    });
    return batchId;
  } catch (thrown) {
    // Only a certain "no" frees the folder: after a lost answer the batch may stand.
    if (thrown instanceof LakeError && thrown.code !== 'LEDGER_FAILED')
      await context.checkpoint.deleteFolder(manifestFolder(written.manifestPath));
    throw thrown;
  }
}

function passedMeanwhile(
  ranges: readonly OffsetRange[],
  watermarks: ReadonlyMap<number, Watermarks>,
): LostOffsets[] {
  return ranges.flatMap(({ partition, from }) => {
    const { low, high } = watermarks.get(partition) ?? { low: 0n, high: 0n };
    return low > from ? [{ partition, planned: from, low, high, lost: low - from }] : [];
  });
}

async function haltFor(
  context: PipelineContext,
  topic: Topic,
  lost: readonly LostOffsets[],
): Promise<LakeError> {
  const reason = lost.map(describeLoss).join('; ');
  await haltTopic(context.database, topic, reason);
  context.logger.error('topic halted', { topic, reason });
  return new LakeError('OFFSETS_LOST', `Topic ${topic} is halted: ${reason}`, { facts: { topic } });
}

function describeLoss(loss: LostOffsets): string {
  if (loss.lost > 0n) {
    return `partition ${loss.partition}: ${loss.lost} messages from offset ${loss.planned} on were dropped by Kafka (earliest is ${loss.low})`;
  }
  return `partition ${loss.partition}: Kafka ends at ${loss.high}, before our offset ${loss.planned} (was the topic made anew?)`;
}

/** Watermarks as targets for `--once`: everything below them is to be committed. */
export function reached(
  planned: ReadonlyMap<number, bigint>,
  targets: ReadonlyMap<number, Watermarks>,
): boolean {
  return [...targets].every(([partition, { low, high }]) => (planned.get(partition) ?? low) >= high);
}

import { LakeError } from '../errors.js';
import type { Watermarks } from '../kafka/client.js';
import type { OffsetsAsked, OpenPart } from '../ledger/reprocess.js';
import { ManifestBuilder } from '../plan/manifest.js';
import type { JsonObject, OffsetRange, Topic } from '../types.js';
import type { ListedEntries, Messages } from './reprocess-parts.js';

/** The ids that the next messages name. @throws LakeError OFFSETS_GONE, KAFKA_FAILED */
export async function listMessages(messages: Messages, part: OpenPart, most: number): Promise<ListedEntries> {
  const asked = part.scope.offsets ?? [];
  const ranges = nextRanges(asked, part.progress, most);
  if (ranges.length === 0) return { entries: [], progress: {}, done: true };
  requireThere(part.topic, ranges, await messages.watermarks(part.topic));
  const manifest = new ManifestBuilder((domain) => domain === part.scope.domain);
  await messages.read(part.topic, ranges, (message) => {
    manifest.add(message);
  });
  // Retention may have passed the range since it was looked at; the reader then went on behind the hole without a word.
  requireThere(part.topic, ranges, await messages.watermarks(part.topic));
  const progress: JsonObject = { ...part.progress };
  for (const { partition, until } of ranges) progress[String(partition)] = until.toString();
  // HQ said long ago that it was deleting them: by now it has, or it never will.
  const entries = [...manifest.entries()].map(({ domain, id, partition, offset }) => ({
    domain,
    id,
    partition,
    offset,
  }));
  return { entries, progress, done: nextRanges(asked, progress, most).length === 0 };
}

export function rangesOf(asked: readonly OffsetsAsked[]): OffsetRange[] {
  return asked.map(({ partition, from, until }) => ({ partition, from: BigInt(from), until: BigInt(until) }));
}

/** At most `most` offsets, partition after partition. */
function nextRanges(asked: readonly OffsetsAsked[], progress: JsonObject, most: number): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  let room = BigInt(most);
  for (const { partition, from, until } of asked) {
    const next = progress[String(partition)];
    const begin = BigInt(typeof next === 'string' ? next : from);
    const left = BigInt(until) - begin;
    const take = left < room ? left : room;
    if (take <= 0n) continue;
    ranges.push({ partition, from: begin, until: begin + take });
    room -= take;
  }
  return ranges;
}

/** @throws LakeError OFFSETS_GONE when Kafka has dropped some of the offsets, or has not come so far */
export function requireThere(
  topic: Topic,
  ranges: readonly OffsetRange[],
  watermarks: ReadonlyMap<number, Watermarks>,
): void {
  const faults = ranges.flatMap(({ partition, from, until }) => {
    const there = watermarks.get(partition);
    if (there === undefined) return [`there is no partition ${partition}`];
    if (from < there.low)
      return [`of partition ${partition} the messages before ${there.low} are gone (${from} was asked for)`];
    return until > there.high
      ? [`partition ${partition} ends at ${there.high} (${until} was asked for)`]
      : [];
  });
  if (faults.length === 0) return;
  throw new LakeError('OFFSETS_GONE', `Kafka does not hold these offsets of ${topic}: ${faults.join('; ')}`, {
    facts: { topic, faults },
  });
}

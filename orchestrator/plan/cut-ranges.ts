import type { OffsetRange } from '../types.js';

/** Offsets Kafka no longer holds (retention) or never held (topic made anew): the topic halts, nothing is skipped. */
export interface LostOffsets {
  readonly partition: number;
  readonly planned: bigint;
  readonly low: bigint;
  readonly high: bigint;
  /** How many messages are gone for certain; 0 when the topic was made anew and the number can't be told. */
  readonly lost: bigint;
}

export interface Cut {
  readonly ranges: readonly OffsetRange[];
  readonly lost: readonly LostOffsets[];
}

/**
 * The next batch's ranges: at most `most` offsets over all partitions, shared evenly so that no partition starves.
 * A partition without a planned offset starts at the earliest (first start) or at 0 (a new partition). The first
 * start's ranges name every partition, if need be with nothing in it: later it would pass for a new one that has lost
 * its first messages.
 */
export function cutRanges(
  planned: ReadonlyMap<number, bigint>,
  watermarks: ReadonlyMap<number, { readonly low: bigint; readonly high: bigint }>,
  most: number,
): Cut {
  const firstStart = planned.size === 0;
  const open: { partition: number; from: bigint; left: bigint; take: bigint }[] = [];
  const lost: LostOffsets[] = [];
  for (const [partition, { low, high }] of [...watermarks].sort(([a], [b]) => a - b)) {
    const from = planned.get(partition) ?? (firstStart ? low : 0n);
    if (from < low || from > high) {
      lost.push({ partition, planned: from, low, high, lost: from < low ? low - from : 0n });
    } else if (high > from || firstStart) {
      open.push({ partition, from, left: high - from, take: 0n });
    }
  }
  shareEvenly(open, BigInt(most));
  if (open.every((each) => each.take === 0n)) return { ranges: [], lost };
  const ranges = open
    .filter((each) => each.take > 0n || firstStart)
    .map((each) => ({ partition: each.partition, from: each.from, until: each.from + each.take }));
  return { ranges, lost };
}

function shareEvenly(open: { left: bigint; take: bigint }[], most: bigint): void {
  let rest = most;
  const unfed = (): typeof open => open.filter((each) => each.left > 0n);
  for (let hungry = unfed(); hungry.length > 0 && rest > 0n; hungry = unfed()) {
    const share = rest / BigInt(hungry.length) || 1n;
    for (const each of hungry) {
      const take = [share, each.left, rest].reduce((least, next) => (next < least ? next : least));
      each.take += take;
      each.left -= take;
      rest -= take;
    }
  }
}

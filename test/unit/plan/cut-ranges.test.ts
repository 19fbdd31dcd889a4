import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutRanges } from '../../../orchestrator/plan/cut-ranges.js';
import type { OffsetRange } from '../../../orchestrator/types.js';

const marks = (...pairs: [bigint, bigint][]): Map<number, { low: bigint; high: bigint }> =>
  new Map(pairs.map(([low, high], partition) => [partition, { low, high }]));
const planned = (...offsets: bigint[]): Map<number, bigint> =>
  new Map(offsets.map((offset, partition) => [partition, offset]));
const taken = (ranges: readonly OffsetRange[]): bigint[] => ranges.map((range) => range.until - range.from);

test('a batch goes on where the last one ended and takes everything when there is room', () => {
  assert.deepEqual(cutRanges(planned(3n, 10n), marks([0n, 5n], [0n, 12n]), 100), {
    ranges: [
      { partition: 0, from: 3n, until: 5n },
      { partition: 1, from: 10n, until: 12n },
    ],
    lost: [],
  });
});

test('a large partition does not starve the small ones, and what they leave goes to it', () => {
  const { ranges } = cutRanges(planned(0n, 0n, 0n), marks([0n, 1000n], [0n, 3n], [0n, 20n]), 30);
  assert.deepEqual(taken(ranges), [14n, 3n, 13n]);
});

test('no batch is larger than asked, also with more partitions than records', () => {
  for (const most of [1, 2, 3, 7, 100]) {
    const { ranges } = cutRanges(
      planned(0n, 0n, 0n, 0n, 0n),
      marks([0n, 9n], [0n, 1n], [0n, 9n], [0n, 0n], [0n, 9n]),
      most,
    );
    const sum = taken(ranges).reduce((total, each) => total + each, 0n);
    assert.equal(sum, BigInt(Math.min(most, 28)));
  }
});

test('offsets beyond 2^53 are cut exactly', () => {
  const far = 2n ** 60n + 1n;
  assert.deepEqual(cutRanges(planned(far), marks([0n, far + 3n]), 2).ranges, [
    { partition: 0, from: far, until: far + 2n },
  ]);
});

test('nothing new is no batch', () => {
  assert.deepEqual(cutRanges(planned(5n), marks([0n, 5n]), 10), { ranges: [], lost: [] });
  assert.deepEqual(cutRanges(new Map(), marks([7n, 7n], [0n, 0n]), 10), { ranges: [], lost: [] });
});

test('the first start begins at the earliest offset of every partition', () => {
  assert.deepEqual(cutRanges(new Map(), marks([40n, 42n], [0n, 1n]), 10).ranges, [
    { partition: 0, from: 40n, until: 42n },
    { partition: 1, from: 0n, until: 1n },
  ]);
});

test('a partition that had nothing at the first start has lost nothing when its first message comes', () => {
  // Retention had emptied partition 1; the batch is too small for partition 2.
  const first = cutRanges(new Map(), marks([0n, 1n], [500n, 500n], [30n, 31n]), 1);
  assert.deepEqual(first.lost, []);
  const known = new Map(first.ranges.map((range) => [range.partition, range.until]));
  assert.deepEqual(cutRanges(known, marks([0n, 1n], [500n, 501n], [30n, 31n]), 10), {
    ranges: [
      { partition: 1, from: 500n, until: 501n },
      { partition: 2, from: 30n, until: 31n },
    ],
    lost: [],
  });
});

test('a partition added later is read from 0, and its lost beginning is not passed over', () => {
  assert.deepEqual(cutRanges(planned(5n), marks([0n, 5n], [0n, 2n]), 10).ranges, [
    { partition: 1, from: 0n, until: 2n },
  ]);
  assert.deepEqual(cutRanges(planned(5n), marks([0n, 5n], [4n, 6n]), 10).lost, [
    { partition: 1, planned: 0n, low: 4n, high: 6n, lost: 4n },
  ]);
});

test('offsets that retention has dropped are lost, and counted', () => {
  const { lost } = cutRanges(planned(10n), marks([25n, 40n]), 10);
  assert.deepEqual(lost, [{ partition: 0, planned: 10n, low: 25n, high: 40n, lost: 15n }]);
});

test('a topic that ends before our offset was made anew: how many were lost can not be told', () => {
  const { lost } = cutRanges(planned(10n), marks([0n, 4n]), 10);
  assert.deepEqual(lost, [{ partition: 0, planned: 10n, low: 0n, high: 4n, lost: 0n }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appIdOf,
  laneNumbers,
  MAX_EXTRACTION,
  sequenceOf,
} from '../../../orchestrator/commit/lane-numbers.js';

test('numbers are sequence·2^16 + extraction·2^6 + ordinal, the rewrite before the merge', () => {
  assert.deepEqual(laneNumbers(1n, 1), { rewrite: 65_536n + 64n, merge: 65_536n + 65n });
  assert.deepEqual(laneNumbers(0n, 0), { rewrite: 0n, merge: 1n });
});

test('numbers beyond 2^53 are exact and still Delta’s: below 2^63', () => {
  const sequence = 2n ** 46n - 1n;
  const { rewrite, merge } = laneNumbers(sequence, MAX_EXTRACTION);
  assert.equal(merge - rewrite, 1n);
  assert.ok(merge > 2n ** 53n && merge < 2n ** 63n);
  assert.equal(sequenceOf(merge), sequence);
});

test('numbers grow with every extraction and every sequence, and never meet', () => {
  let last = -1n;
  for (const sequence of [1n, 2n, 2n ** 40n]) {
    for (const extraction of [0, 1, 2, MAX_EXTRACTION]) {
      const { rewrite, merge } = laneNumbers(sequence, extraction);
      assert.ok(rewrite > last && merge > rewrite);
      assert.equal(sequenceOf(rewrite), sequence);
      last = merge;
    }
  }
});

test('an extraction that has no room is refused, not carried into the next sequence', () => {
  assert.throws(() => laneNumbers(1n, MAX_EXTRACTION + 1), RangeError);
});

test('the appId names the lake', () => {
  assert.equal(appIdOf('0-1'), 'dl/0-1');
});

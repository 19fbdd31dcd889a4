import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparedTable } from '../../../orchestrator/reconcile/compared-tables.js';
import { DaySums, differingDays, spansOf } from '../../../orchestrator/reconcile/day-sums.js';
import { digestOf } from '../../../orchestrator/reconcile/digest.js';

const TABLE: ComparedTable = { name: 'raw_a_case', kind: 'case', type: 'a', id: 1n, path: 'a' };
const DAY = 86_400_000_000n;

test('sums do not depend on an order, and parts of a day add up', () => {
  const [one, other] = [new DaySums(), new DaySums()];
  const rows = [
    ['a', 1n],
    ['b', DAY - 1n],
    ['c', DAY],
  ] as const;
  for (const [id, micros] of rows) one.addRow(TABLE, id, micros);
  for (const [id, micros] of rows.toReversed()) other.addRow(TABLE, id, micros);
  assert.deepEqual(differingDays(one.days(TABLE), other.days(TABLE)), []);
  assert.equal(one.rows(TABLE), 3);
  assert.equal(one.days(TABLE).get(0)?.sum, digestOf('a', 1n) + digestOf('b', DAY - 1n));
});

test('a day differs when a row is more, less, of another id or of another revision, on whichever side', () => {
  const sums = (...rows: readonly (readonly [string, bigint])[]): DaySums => {
    const own = new DaySums();
    for (const [id, micros] of rows) own.addRow(TABLE, id, micros);
    return own;
  };
  const hq = sums(['a', 1n], ['b', 2n], ['c', DAY]);
  const differing = (lake: DaySums): unknown => differingDays(hq.days(TABLE), lake.days(TABLE));
  assert.deepEqual(differing(sums(['a', 1n], ['b', 3n], ['c', DAY])), [0]);
  assert.deepEqual(differing(sums(['a', 1n], ['x', 2n], ['c', DAY])), [0]);
  assert.deepEqual(differing(sums(['a', 1n], ['b', 2n])), [1]);
  assert.deepEqual(differing(sums()), [0, 1]);
  assert.deepEqual(differing(sums(['a', 1n], ['b', 2n], ['c', DAY], ['d', 5n * DAY], ['a', 1n])), [0, 5]);
  const without = hq.copy();
  without.add(TABLE, null, { rows: 1, sum: 0n });
  assert.deepEqual(differingDays(hq.days(TABLE), without.days(TABLE)), [null]);
  assert.equal(hq.days(TABLE).has(null), false, 'the copy is its own');
});

test('days become spans without gaps', () => {
  assert.deepEqual(spansOf([5, 3, null, 4, 9, 3]), [
    { from: 3, until: 6 },
    { from: 9, until: 10 },
  ]);
  assert.deepEqual(spansOf([null]), []);
});

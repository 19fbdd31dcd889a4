import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../../orchestrator/reconcile/judge.js';
import type { LakeRow } from '../../../orchestrator/reconcile/read-lake.js';

test('what the two sides say of a record', () => {
  const row = (rev: bigint | null): LakeRow => ({ id: 'a', rev, month: null });
  for (const [hq, lake, verdict] of [
    [null, [], 'equal'],
    [5n, [row(5n)], 'equal'],
    [5n, [], 'missing'],
    [5n, [row(4n)], 'stale'],
    [5n, [row(null)], 'stale'],
    [null, [row(5n)], 'ghost'],
    [null, [row(5n), row(5n)], 'ghost'],
    [5n, [row(6n)], 'lake is newer'],
    [5n, [row(5n), row(5n)], 'stands twice'],
    [5n, [row(5n), row(4n)], 'stands twice'],
  ] as const)
    assert.equal(verdictOf({ hq, lake }), verdict);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from '../../../orchestrator/reconcile/parts.js';

test('a span of days has one end or two, and is none without', () => {
  assert.equal(spanOf(null, null), null);
  assert.deepEqual(spanOf('1970-01-02', '1970-01-03'), { from: 1, until: 2 });
  const open = spanOf('1970-01-02', null);
  assert.ok(open !== null && open.from === 1 && open.until > 2_900_000);
  const until = spanOf(null, '1970-01-01');
  assert.ok(until !== null && until.from < -700_000 && until.until === 0);
  for (const [from, end] of [
    ['2024-01-02', '2024-01-02'],
    ['2024-01-03', '2024-01-02'],
    ['2024-02-30', null],
    [null, 'yesterday'],
  ] as const)
    assert.throws(() => spanOf(from, end), { code: 'SCOPE_INVALID' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayNumber, dayOf, dayText, digestOf, momentText } from '../../../orchestrator/reconcile/digest.js';

test('a digest is the first 60 bits of md5 over id and microseconds', () => {
  // printf '%s' 'a|1' | md5sum
  assert.equal(digestOf('a', 1n), 0x0d7_2252_d6db_edc0n);
  assert.notEqual(digestOf('a', 1n), digestOf('a', null));
  assert.notEqual(digestOf('a|1', 1n), digestOf('a', 11n));
});

test('days begin at midnight UTC, before 1970 too', () => {
  const day = 86_400_000_000n;
  assert.deepEqual([-day - 1n, -day, -1n, 0n, day - 1n, day].map(dayOf), [-2, -1, -1, 0, 0, 1]);
  assert.equal(dayText(-1), '1969-12-31');
  assert.equal(dayText(dayOf(BigInt(Date.parse('2024-02-29T23:59:59.999Z')) * 1000n)), '2024-02-29');
});

test('a day is read only when it is one', () => {
  assert.equal(dayNumber('1970-01-02'), 1);
  assert.equal(dayNumber('2024-02-29'), 19_782);
  for (const odd of ['2023-02-29', '2024-2-1', '2024-01-01T00:00:00Z', '', '0000-01-01'])
    assert.equal(dayNumber(odd), undefined, odd);
});

test('a moment has six fraction digits, before 1970 too', () => {
  assert.equal(momentText(0n), '1970-01-01T00:00:00.000000Z');
  assert.equal(momentText(-1n), '1969-12-31T23:59:59.999999Z');
  assert.equal(momentText(1_709_251_199_000_001n), '2024-02-29T23:59:59.000001Z');
});

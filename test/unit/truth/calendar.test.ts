import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayIn, daysBetween, momentOf, nextMonth } from '../../truth/calendar.js';

test('a phone’s moment in UTC, with six digits', () => {
  assert.equal(momentOf('2026-02-01T00:00:00.123+05:30'), '2026-01-31T18:30:00.123000Z');
  assert.equal(momentOf('2026-02-01 23:30-0130'), '2026-02-02T01:00:00.000000Z');
  assert.equal(momentOf('2015-04-17T16:04:54.950-04'), '2015-04-17T20:04:54.950000Z');
  assert.equal(momentOf('2026-02-01'), '2026-02-01T00:00:00.000000Z');
  for (const text of [null, '', 'now', '2026-02-30T00:00:00Z', '2026-02-01T25:00:00Z', '10:00'])
    assert.equal(momentOf(text), null);
});

test('a day is the zone’s own, through the hours that clocks skip or repeat', () => {
  assert.equal(dayIn('UTC', '2026-01-31T23:59:59.999999Z'), '2026-01-31');
  assert.equal(dayIn('Asia/Kolkata', '2026-01-31T18:29:59.999999Z'), '2026-01-31');
  assert.equal(dayIn('Asia/Kolkata', '2026-01-31T18:30:00.000000Z'), '2026-02-01');
  assert.equal(dayIn('America/New_York', '2026-03-09T03:59:59.000000Z'), '2026-03-08');
  assert.equal(dayIn('America/New_York', '2026-03-08T04:59:59.000000Z'), '2026-03-07');
});

test('months and days over the ends of years and Februaries', () => {
  assert.deepEqual(['2025-12-01', '2026-01-01', '2026-09-01'].map(nextMonth), [
    ...['2026-01-01', '2026-02-01', '2026-10-01'],
  ]);
  assert.deepEqual(
    [daysBetween('2024-02-29', '2024-03-01'), daysBetween('2026-02-05', '2026-02-01')],
    [1, -4],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock, systemClock } from '../../hq-sim/clock.js';
import { toUtc } from '../../hq-sim/timestamps.js';

test('any moment of a form or of Postgres becomes UTC with six digits', () => {
  assert.equal(toUtc('2015-04-17T16:04:54.950-04'), '2015-04-17T20:04:54.950000Z');
  assert.equal(toUtc('2015-04-17T16:04:42+05:30'), '2015-04-17T10:34:42.000000Z');
  assert.equal(toUtc('2024-05-02 09:14:03.120394+00'), '2024-05-02T09:14:03.120394Z');
  assert.equal(toUtc('2024-05-02'), '2024-05-02T00:00:00.000000Z');
  assert.throws(() => toUtc('yesterday'), { code: 'RECORD_UNREADABLE' });
});

test('a clock never gives one moment twice and never goes back', () => {
  const clock = systemClock();
  const first = clock.next();
  clock.advanceTo('2200-01-01T00:00:00Z');
  const second = clock.next();
  clock.advanceTo('2000-01-01T00:00:00Z');
  assert.ok(first < second && second < clock.next());
});

test('a stepped clock moves only by what it is told and a microsecond per reading', () => {
  const clock = steppedClock('2026-01-01T00:00:00Z');
  assert.equal(clock.next(), '2026-01-01T00:00:00.000001Z');
  assert.equal(clock.next(), '2026-01-01T00:00:00.000002Z');
  clock.advanceTo('2026-01-02T00:00:00+05:30');
  assert.equal(clock.next(), '2026-01-01T18:30:00.000001Z');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addMonths, monthsBetween } from '../../../orchestrator/aggregation/months.js';
import {
  dueAt,
  monthsDue,
  newestDue,
  wallInstant,
  type MonthlyClock,
} from '../../../orchestrator/aggregation/schedule-clock.js';

const clock = (day: number, hour: number, timeZone: string, monthsZone = timeZone): MonthlyClock => ({
  ...{ day, hour, timeZone, monthsZone },
});

/** Zones with every oddity: half hours, southern summers, gaps at midnight, a day left out, fourteen hours ahead. */
const ZONES = [
  ...['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe'],
  ...['America/Sao_Paulo', 'Asia/Beirut', 'Pacific/Apia', 'Pacific/Kiritimati', 'Africa/Casablanca'],
];

/** What the clocks of a zone show, as a text that compares. */
function shown(instant: number, timeZone: string): string {
  return new Date(instant).toLocaleString('sv-SE', { timeZone });
}

/** Step by step through days, a quarter of an hour each: the first moment whose clocks show the wanted time or later. */
function slowly(month: string, day: number, hour: number, timeZone: string): number {
  const wanted = `${month.slice(0, 8)}${String(day).padStart(2, '0')} ${String(hour).padStart(2, '0')}:00:00`;
  const middle = Date.parse(`${wanted.replace(' ', 'T')}Z`);
  for (let instant = middle - 30 * 3_600_000; ; instant += 15 * 60_000)
    if (shown(instant, timeZone) >= wanted) return instant;
}

describe('the moment of a day and hour in a time zone', () => {
  test('equals that of a clock watched through the days', () => {
    const months = monthsBetween('2005-01-01', '2030-12-01');
    fc.assert(
      fc.property(
        fc.constantFrom(...months),
        fc.integer({ min: 1, max: 28 }),
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom(...ZONES),
        (month, day, hour, zone) => {
          assert.equal(wallInstant(month, day, hour, zone).getTime(), slowly(month, day, hour, zone));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('where clocks are put forward over it, the moment they are put; put back, the first of both', () => {
    const at = (month: string, day: number, hour: number, zone: string): string =>
      wallInstant(month, day, hour, zone).toISOString();
    assert.equal(at('2026-03-01', 8, 2, 'America/New_York'), '2026-03-08T07:00:00.000Z');
    assert.equal(at('2026-11-01', 1, 1, 'America/New_York'), '2026-11-01T05:00:00.000Z');
    assert.equal(at('2018-11-01', 4, 0, 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z');
    assert.equal(at('2026-03-01', 2, 3, 'Asia/Kolkata'), '2026-03-01T21:30:00.000Z');
  });
});

describe('which months are due', () => {
  const FIRST = clock(2, 3, 'UTC');
  const due = (now: string, done: string | null, own = FIRST): string[] =>
    monthsDue(new Date(now), own, done);

  test('the one before, from its day and hour on', () => {
    assert.deepEqual(due('2026-03-02T02:59:59Z', '2026-01-01'), []);
    assert.deepEqual(due('2026-03-02T03:00:00Z', '2026-01-01'), ['2026-02-01']);
    assert.deepEqual(due('2026-03-31T23:59:59Z', '2026-02-01'), []);
  });

  test('after an outage every one that was missed, in order; for a new schedule the newest alone', () => {
    assert.deepEqual(due('2026-06-15T00:00:00Z', '2026-02-01'), ['2026-03-01', '2026-04-01', '2026-05-01']);
    assert.deepEqual(due('2026-06-15T00:00:00Z', null), ['2026-05-01']);
  });

  test('a clock that was put back makes nothing due again', () => {
    assert.deepEqual(due('2026-01-15T00:00:00Z', '2026-05-01'), []);
  });

  test('no month before it is over where it is counted', () => {
    const early = clock(1, 0, 'Pacific/Kiritimati', 'America/New_York');
    assert.equal(dueAt('2026-05-01', early).toISOString(), '2026-06-01T04:00:00.000Z');
    assert.equal(newestDue(new Date('2026-06-01T03:59:59Z'), early), '2026-04-01');
  });

  test('whenever it is looked: the newest due is due, the next one is not, and none is left out or done twice', () => {
    const clocks = fc.record({
      day: fc.integer({ min: 1, max: 28 }),
      hour: fc.integer({ min: 0, max: 23 }),
      timeZone: fc.constantFrom(...ZONES),
      monthsZone: fc.constantFrom(...ZONES),
    });
    const start = Date.parse('2020-01-01T00:00:00Z');
    // Looks at any times, of a clock that may also be put back.
    const looks = fc.array(fc.integer({ min: 0, max: 3 * 365 * 24 * 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(clocks, looks, (own, minutes) => {
        const done: string[] = [];
        let latest = 0;
        for (const minute of minutes) {
          const now = new Date(start + minute * 60_000);
          latest = Math.max(latest, now.getTime());
          const newest = newestDue(now, own);
          assert.ok(dueAt(newest, own) <= now && dueAt(addMonths(newest, 1), own) > now);
          done.push(...monthsDue(now, own, done.at(-1) ?? null));
        }
        const [first] = done;
        assert.ok(first !== undefined);
        assert.deepEqual(done, monthsBetween(first, newestDue(new Date(latest), own)));
      }),
      { numRuns: 100 },
    );
  });
});

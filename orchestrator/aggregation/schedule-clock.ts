import { addMonths, isMonth, monthsBetween, wallClock, type Month, type WallClock } from './months.js';

/** When a domain's months are computed: each on a day and hour of the month after it. */
export interface MonthlyClock {
  /** 1 to 28. */
  readonly day: number;
  /** 0 to 23. */
  readonly hour: number;
  /** Of day and hour. */
  readonly timeZone: string;
  /** Of the months themselves: a month is not computed before it is over there. */
  readonly monthsZone: string;
}

const HOUR_MS = 3_600_000;
/** Further than any offset from UTC; time zones change theirs less often than this. */
const FAR_MS = 26 * HOUR_MS;

/** The moment at which a month becomes due. */
export function dueAt(month: Month, { day, hour, timeZone, monthsZone }: MonthlyClock): Date {
  const next = addMonths(month, 1);
  const tick = wallInstant(next, day, hour, timeZone);
  const over = wallInstant(next, 1, 0, monthsZone);
  return tick > over ? tick : over;
}

/** The newest month that is due at a moment. */
export function newestDue(now: Date, clock: MonthlyClock): Month {
  const { year, month } = wallClock(now, clock.timeZone);
  const here = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-01`;
  // At most two months back: a month may be over a day after the clock's own has begun.
  for (const back of [0, -1, -2]) {
    const due = addMonths(here, back);
    if (dueAt(due, clock) <= now) return due;
  }
  return addMonths(here, -3);
}

/**
 * Months to be computed now, in order: all after the newest one done, so that what an outage missed is caught up once. With
 * none done yet it is the newest one alone: a new schedule computes no history.
 */
export function monthsDue(now: Date, clock: MonthlyClock, done: Month | null): Month[] {
  const newest = newestDue(now, clock);
  if (done === null) return isMonth(newest) ? [newest] : [];
  return monthsBetween(addMonths(done, 1), newest);
}

/**
 * The first moment at which the clocks of a time zone show a day and hour of a month, or a later time: where clocks are
 * put forward over it, the moment they are put; where they are put back, the first of both.
 */
export function wallInstant(month: Month, day: number, hour: number, timeZone: string): Date {
  const wanted = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1, day, hour);
  const offsetAt = (instant: number): number => shownAt(new Date(instant), timeZone) - instant;
  const candidates = [offsetAt(wanted - FAR_MS), offsetAt(wanted + FAR_MS)].map((offset) => wanted - offset);
  const isShown = (instant: number): boolean => shownAt(new Date(instant), timeZone) === wanted;
  const shown = candidates.filter(isShown);
  if (shown.length > 0) return new Date(Math.min(...shown));
  let [before, after] = [Math.min(...candidates), Math.max(...candidates)];
  while (after - before > 1000) {
    const between = Math.floor((before + after) / 2000) * 1000;
    if (shownAt(new Date(between), timeZone) >= wanted) after = between;
    else before = between;
  }
  return new Date(after);
}

/** What the clocks show, as if it were UTC. */
function shownAt(instant: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second }: WallClock = wallClock(instant, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

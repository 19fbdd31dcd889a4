import { formatsByZone } from '../config/time-zone.js';

/** Months as the ledger has them: `YYYY-MM-01`. Texts of this form compare as times. */
export type Month = string;

const FIRST_OF_MONTH = /^\d{4}-(0[1-9]|1[0-2])-01$/;

export function isMonth(text: string): text is Month {
  return FIRST_OF_MONTH.test(text) && text >= '1000';
}

export function addMonths(month: Month, count: number): Month {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + count;
  return monthAt(Math.floor(index / 12), (index % 12) + 1);
}

/** Every month from one to another, both included. */
export function monthsBetween(first: Month, last: Month): Month[] {
  const months: Month[] = [];
  for (let month = first; month <= last; month = addMonths(month, 1)) months.push(month);
  return months;
}

/** The month that it is now in a time zone. */
export function monthIn(now: Date, timeZone: string): Month {
  const { year, month } = wallClock(now, timeZone);
  return monthAt(year, month);
}

/** What the clocks of a time zone show. */
export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formatOf = formatsByZone({
  hourCycle: 'h23',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export function wallClock(instant: Date, timeZone: string): WallClock {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

function monthAt(year: number, month: number): Month {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-01`;
}

/**
 * Rule 8: the one value HQ rewrites. HQ takes a string for a datetime when two patterns both fit (its own loose one
 * and iso8601's); this is their intersection. Groups: year, month, day, hour, minute, second, fraction, fraction
 * without seconds, offset sign, hours, minutes. A trailing newline is allowed because Python's `$` allows it.
 */
const DATETIME =
  /^(\d{4})-?(0[1-9]|1[0-2])-?([12]\d|0[1-9]|3[01])[ T]([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d)(?:[.,](\d{3,6}))?|[.,]([0-5]\d(?:\d{3,6})?|\d{3,6}))?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d)?)?\n?$/;

/** `YYYYMMDD hhmm` */
const SHORTEST = 13;
/** `YYYY-MM-DDThh:mm:ss.ffffff+hh:mm` and a newline */
const LONGEST = 33;

/**
 * A datetime in any accepted spelling becomes UTC with six fraction digits and `Z`; no offset means UTC. Any other
 * string (bare dates and times, 1-2 digit fractions, days that do not exist) comes back as it is.
 */
export function normalizedDatetime(value: string): string {
  if (value.length < SHORTEST || value.length > LONGEST || !startsWithDigit(value)) return value;
  const match = DATETIME.exec(value);
  if (match === null) return value;
  const { 1: year = '', 2: month = '', 3: day = '', 4: hour = '' } = match;
  if (Number(day) > daysIn(Number(year), Number(month)) || year === '0000') return value;
  // iso8601 reads `16:04.5` as hour 16, second 4.5: odd, but it is what HQ then stores.
  const noSeconds = match[8] !== undefined;
  const minute = noSeconds ? '00' : (match[5] ?? '');
  const second = noSeconds ? (match[5] ?? '') : (match[6] ?? '00');
  const micros = (match[8] ?? match[7] ?? '').padEnd(6, '0').slice(0, 6);
  const offset = offsetMinutes(match[9], match[10], match[11]);
  if (offset === 0) return `${year}-${month}-${day}T${hour}:${minute}:${second}.${micros}Z`;
  const moment = new Date(0);
  // Not Date.UTC: it takes the years 0-99 for 1900-1999.
  moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  moment.setUTCHours(Number(hour), Number(minute) - offset, Number(second));
  const shifted = moment.toISOString();
  // Beyond year 1-9999 the ISO text changes its length; HQ could not hold such a moment either.
  if (shifted.length !== 24 || shifted.startsWith('0000')) return value;
  return `${shifted.slice(0, 19)}.${micros}Z`;
}

function startsWithDigit(value: string): boolean {
  const first = value.charCodeAt(0);
  return first >= 48 && first <= 57;
}

function offsetMinutes(sign: string | undefined, hours = '0', minutes = '0'): number {
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -offset : offset;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/**
 * Days, months and moments as text, so that they compare as they stand: moments `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC,
 * days `YYYY-MM-DD` of the domain's time zone, months the day they begin with.
 */
const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const DAY_MS = 86_400_000;

/** A phone's moment in UTC (no offset means UTC); a bare day begins at midnight UTC; null for what is neither. */
export function momentOf(text: string | null): string | null {
  if (text === null) return null;
  if (isDay(text)) return `${text}T00:00:00.000000Z`;
  const [, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = MOMENT.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return null;
  const millis = Date.parse(`${day}T${hour ?? ''}:${minute ?? ''}:${second}Z`);
  if (Number.isNaN(millis)) return null;
  const seconds = new Date(millis - offsetMinutes(zone) * 60_000).toISOString().slice(0, 19);
  return `${seconds}.${fraction.padEnd(6, '0')}Z`;
}

/** Whether the text is wholly a day of the calendar. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const millis = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(text);
}

/** The day on which a moment falls in the zone. */
export function dayIn(timeZone: string, moment: string): string {
  if (timeZone === 'UTC') return moment.slice(0, 10);
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(Date.parse(`${moment.slice(0, 23)}Z`))
      .map(({ type, value }) => [type, value] as const),
  );
  return `${parts.get('year') ?? ''}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`;
}

export function monthOfDay(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

export function nextMonth(month: string): string {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return number === 12
    ? `${String(year + 1).padStart(4, '0')}-01-01`
    : `${month.slice(0, 5)}${String(number + 1).padStart(2, '0')}-01`;
}

/** Whole days from one day to another; negative when the other is earlier. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS;
}

function offsetMinutes(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4) || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'gregory', numberingSystem: 'latn' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

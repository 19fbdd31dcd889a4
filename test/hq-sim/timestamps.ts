import { LakeError } from '../../orchestrator/errors.js';

/**
 * Moments as whole microseconds since 1970 (a plain number is exact until the year 2255) and as text
 * `YYYY-MM-DDTHH:MM:SS.ffffffZ`, the form HQ writes everywhere. A JavaScript Date would lose the microseconds.
 */
const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Text with or without an offset (none = UTC), as in forms and as Postgres prints it. @throws LakeError RECORD_UNREADABLE */
export function toMicros(text: string): number {
  const parts = MOMENT.exec(text);
  if (parts === null) throw new LakeError('RECORD_UNREADABLE', 'A date of the form is not a date');
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = parts;
  const millis = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return (millis - offsetMillis(zone)) * 1000 + Number(fraction.padEnd(6, '0'));
}

export function fromMicros(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const rest = String(micros - millis * 1000).padStart(3, '0');
  return new Date(millis).toISOString().replace('Z', `${rest}Z`);
}

/** Any moment as HQ writes it: UTC, six digits, Z. */
export function toUtc(text: string): string {
  return fromMicros(toMicros(text));
}

function offsetMillis(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0')) * 60_000;
}

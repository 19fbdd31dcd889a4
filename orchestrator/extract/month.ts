import { formatsByZone } from '../config/time-zone.js';

const formatOf = formatsByZone({});

/**
 * First day of the month a moment falls in, seen from a time zone.
 * @param moment ISO UTC, or a bare date `YYYY-MM-DD` (which has no zone: its own month is taken)
 * @returns `YYYY-MM-01`, or null when it is neither
 */
export function monthOf(moment: string, timeZone: string): string | null {
  const bareDate = /^\d{4}-\d{2}-\d{2}$/.test(moment);
  if (!bareDate && !/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(moment)) return null;
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return null;
  if (bareDate || timeZone === 'UTC') return `${moment.slice(0, 7)}-01`;
  const parts = formatOf(timeZone).formatToParts(date);
  const year = parts.find(({ type }) => type === 'year')?.value ?? '';
  const month = parts.find(({ type }) => type === 'month')?.value ?? '';
  return `${year.padStart(4, '0')}-${month}-01`;
}

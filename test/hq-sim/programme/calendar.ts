import type { Random } from './random.js';

/** Days are counted from 1970; the programme's phones live in India (+05:30), so its days begin at 18:30 UTC. */
const DAY_MS = 86_400_000;
const OFFSET_MS = 5.5 * 3_600_000;

export function firstDayOf(month: string): number {
  return Date.parse(`${month}-01T00:00:00Z`) / DAY_MS;
}

/** The first day of the month so many months after `month`. */
export function dayAfterMonths(month: string, months: number): number {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return Date.UTC(year, number - 1 + months, 1) / DAY_MS;
}

/** `YYYY-MM-DD`. */
export function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function dayOfMonth(day: number): number {
  return new Date(day * DAY_MS).getUTCDate();
}

/** UTC milliseconds of a local time of day (milliseconds after midnight in India). */
export function localMoment(day: number, timeMs: number): number {
  return day * DAY_MS + timeMs - OFFSET_MS;
}

/** The UTC day a moment falls in. */
export function utcDay(millis: number): number {
  return Math.floor(millis / DAY_MS);
}

export function utcText(millis: number): string {
  return new Date(millis).toISOString();
}

/** A moment as phones write it: mostly local time with offset, now and then UTC or without a fraction. */
export function phoneText(millis: number, random: Random): string {
  if (random.chance(0.03)) return utcText(millis);
  const local = new Date(millis + OFFSET_MS).toISOString();
  return random.chance(0.05) ? `${local.slice(0, 19)}+05:30` : local.replace('Z', '+05:30');
}

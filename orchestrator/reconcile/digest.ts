import { createHash } from 'node:crypto';

/**
 * A record's digest: the first 60 bits of md5(`<id>|<revision in microseconds>`). HQ's Postgres (extract/revision-sql.ts) and
 * Spark (spark-jobs/reconcile/sums.sql) work out the same number. Sums of digests do not depend on an order, need no
 * sorting, and what is in two of them can be subtracted.
 */
export function digestOf(id: string, micros: bigint | null): bigint {
  const text = `${id}|${micros?.toString() ?? ''}`;
  return BigInt(`0x${createHash('md5').update(text, 'utf8').digest('hex').slice(0, 15)}`);
}

const MICROS_PER_DAY = 86_400_000_000n;

/** Days since 1970, UTC, also before it. */
export function dayOf(micros: bigint): number {
  const day = micros / MICROS_PER_DAY;
  return Number(micros % MICROS_PER_DAY < 0n ? day - 1n : day);
}

/** @returns ISO date */
export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** Days since 1970. @param text ISO date; undefined: it is none */
export function dayNumber(text: string): number | undefined {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text
    ? undefined
    : time / 86_400_000;
}

/** ISO UTC with six fraction digits. */
export function momentText(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const rest = micros - seconds * 1_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${rest.toString().padStart(6, '0')}Z`;
}

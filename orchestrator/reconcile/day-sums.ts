import type { ComparedTable } from './compared-tables.js';
import { dayOf, digestOf } from './digest.js';

/** Null: rows of the lake without a revision. */
export type Day = number | null;

/** Rows of a table and day: how many, and the sum of their digests. */
export interface DaySum {
  readonly rows: number;
  readonly sum: bigint;
}

/** Sums by table and day. */
export class DaySums {
  readonly #tables = new Map<ComparedTable, Map<Day, DaySum>>();

  add(table: ComparedTable, day: Day, { rows, sum }: DaySum): void {
    const days = this.#tables.get(table) ?? new Map<Day, DaySum>();
    this.#tables.set(table, days);
    const known = days.get(day);
    days.set(day, { rows: rows + (known?.rows ?? 0), sum: sum + (known?.sum ?? 0n) });
  }

  addRow(table: ComparedTable, id: string, micros: bigint): void {
    this.add(table, dayOf(micros), { rows: 1, sum: digestOf(id, micros) });
  }

  copy(): DaySums {
    const copy = new DaySums();
    for (const [table, days] of this.#tables) for (const [day, sum] of days) copy.add(table, day, sum);
    return copy;
  }

  rows(table: ComparedTable): number {
    return [...(this.#tables.get(table)?.values() ?? [])].reduce((total, { rows }) => total + rows, 0);
  }

  days(table: ComparedTable): ReadonlyMap<Day, DaySum> {
    return this.#tables.get(table) ?? new Map();
  }
}

/** The days of a table whose rows are not the same; the oldest first. */
export function differingDays(hq: ReadonlyMap<Day, DaySum>, lake: ReadonlyMap<Day, DaySum>): readonly Day[] {
  const days = [...new Set([...hq.keys(), ...lake.keys()])].filter((day) => {
    const [ours, theirs] = [lake.get(day), hq.get(day)];
    return (ours?.rows ?? 0) !== (theirs?.rows ?? 0) || (ours?.sum ?? 0n) !== (theirs?.sum ?? 0n);
  });
  return days.sort((a, b) => (a ?? -Infinity) - (b ?? -Infinity));
}

/** Days in runs without gaps, from inclusive, until exclusive: each is one span of time to be read. */
export function spansOf(days: Iterable<Day>): { from: number; until: number }[] {
  const spans: { from: number; until: number }[] = [];
  const sorted = [...new Set(days)].filter((day) => day !== null).sort((a, b) => a - b);
  for (const day of sorted) {
    const last = spans.at(-1);
    if (last?.until === day) last.until = day + 1;
    else spans.push({ from: day, until: day + 1 });
  }
  return spans;
}

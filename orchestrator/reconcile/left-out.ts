import { readLeftOut, writeLeftOut, type LeftOut } from '../ledger/reconciles.js';
import type { ComparedTable, ComparedTables } from './compared-tables.js';
import type { DaySums } from './day-sums.js';
import { dayOf, digestOf } from './digest.js';
import type { DifferingDay } from './list-candidates.js';
import type { Candidate } from './judge.js';
import type { ReconcileParts } from './parts.js';

/**
 * Filters and hooks keep records out that HQ has, so their days would differ for ever, and their documents be read at every
 * comparison. What a run has proved to be kept out is taken off HQ's sums by the next one, as long as lake.yaml is the same.
 * It hides nothing: where a day's sums fit without those records, the lake has all others and none of them.
 * @returns HQ's sums without them
 */
export async function withoutLeftOut(
  { database, config }: ReconcileParts,
  domain: string,
  tables: ComparedTables,
  hq: DaySums,
): Promise<DaySums> {
  const kept = hq.copy();
  for (const { kind, type, day, rows, sum } of await readLeftOut(database, domain, config.sha256)) {
    const table = tables.of(kind, type);
    // Outside of what is compared now there is nothing to take off.
    if (hq.days(table).has(day)) kept.add(table, day, { rows: -rows, sum: -sum });
  }
  return kept;
}

/** Notes what is kept out of the days that were looked at. */
export async function rememberLeftOut(
  { database, config }: ReconcileParts,
  domain: string,
  looked: readonly DifferingDay[],
  leftOut: readonly Candidate[],
): Promise<void> {
  const days = new Map<ComparedTable, Map<number, LeftOut>>();
  const at = ({ kind, type }: ComparedTable, day: number): LeftOut => ({ kind, type, day, rows: 0, sum: 0n });
  for (const { table, day } of looked) {
    const own = days.get(table) ?? new Map<number, LeftOut>();
    days.set(table, own);
    if (day !== null) own.set(day, at(table, day));
  }
  for (const { table, id, hq } of leftOut) {
    if (hq === null) continue;
    const own = days.get(table);
    const known = own?.get(dayOf(hq));
    if (known === undefined) continue;
    own?.set(known.day, { ...known, rows: known.rows + 1, sum: known.sum + digestOf(id, hq) });
  }
  const all = [...days.values()].flatMap((own) => [...own.values()]);
  await database.transaction((tx) => writeLeftOut(tx, domain, config.sha256, all));
}

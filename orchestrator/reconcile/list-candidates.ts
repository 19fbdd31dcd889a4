import type { Moment } from '../extract/request.js';
import { momentText, dayOf } from './digest.js';
import type { ComparedTable, ComparedTables, PinnedTable } from './compared-tables.js';
import { DaySums, differingDays, spansOf, type Day } from './day-sums.js';
import type { Candidate } from './judge.js';
import type { ReconcileAsk, ReconcileParts } from './parts.js';
import type { LakeReader, LakeRow } from './read-lake.js';

const MICROS_PER_DAY = 86_400_000_000n;
/** Rows of differing days that are held in memory at a time. */
const ROWS_AT_ONCE = 500_000;
/** So many faults are no faults but a lake that was never filled. */
const MOST_CANDIDATES = 1_000_000;

/** A table's day whose rows are not the same on both sides. */
export interface DifferingDay {
  readonly table: ComparedTable;
  readonly day: Day;
  readonly rows: number;
}

/** HQ's rows by table and day, all of it read by sums alone. */
export async function hqSums(
  parts: Pick<ReconcileParts, 'hq'>,
  { domain, span }: ReconcileAsk,
  tables: ComparedTables,
  moment: Moment,
): Promise<DaySums> {
  const sums = new DaySums();
  for (const { kind, types } of tables.targets) {
    const listing = { kind, domain, types, span: span === null ? null : timesOf(span) };
    for await (const part of parts.hq.revisions.sums(listing, moment))
      for (const { type, day, rows, sum } of part) sums.add(tables.of(kind, type), day, { rows, sum });
    if (kind !== 'location') continue;
    for await (const part of parts.hq.revisions.rows(listing, moment))
      for (const { id, type, rev } of part)
        if (span === null || (dayOf(rev) >= span.from && dayOf(rev) < span.until))
          sums.addRow(tables.of(kind, type), id, rev);
  }
  return sums;
}

/** The days that differ, of every table. */
export function allDifferingDays(tables: ComparedTables, hq: DaySums, lake: DaySums): DifferingDay[] {
  return tables.all().flatMap((table) => {
    const [theirs, ours] = [hq.days(table), lake.days(table)];
    return differingDays(theirs, ours).map((day) => ({
      table,
      day,
      rows: (theirs.get(day)?.rows ?? 0) + (ours.get(day)?.rows ?? 0),
    }));
  });
}

/** What the ids and revisions of the differing days say. */
export interface Listed {
  readonly candidates: readonly Candidate[];
  /** Rows of days that were not looked at any more, by table. */
  readonly left: ReadonlyMap<ComparedTable, number>;
}

/** Ids and revisions of the differing days, from both sides: the records that are not the same. */
export async function listCandidates(
  parts: ReconcileParts,
  reader: LakeReader,
  { domain }: ReconcileAsk,
  tables: ComparedTables,
  pinned: readonly PinnedTable[],
  differing: readonly DifferingDay[],
  moment: Moment,
): Promise<Listed> {
  const found = new Map<string, Candidate>();
  const left = new Map<ComparedTable, number>();
  for (const some of inParts(differing)) {
    if (found.size >= MOST_CANDIDATES) {
      for (const { table, rows } of some) left.set(table, (left.get(table) ?? 0) + rows);
      continue;
    }
    const daysOf = new Map<ComparedTable, Set<Day>>();
    for (const { table, day } of some) daysOf.set(table, (daysOf.get(table) ?? new Set()).add(day));
    const hq = await hqRows(parts, domain, tables, daysOf, moment);
    const lake = new Map<string, { readonly table: ComparedTable; readonly rows: LakeRow[] }>();
    await reader.rowsOfDays(
      pinned,
      (table) => [...(daysOf.get(table) ?? [])],
      (table, row) => {
        if (daysOf.get(table)?.has(row.rev === null ? null : dayOf(row.rev)) !== true) return;
        const key = keyOf(table, row.id);
        const same = hq.get(key);
        if (same !== undefined && same.met === undefined && same.rev === row.rev) {
          same.met = row;
          return;
        }
        const other = lake.get(key);
        if (other === undefined) lake.set(key, { table, rows: [row] });
        else other.rows.push(row);
      },
    );
    const add = (key: string, more: Candidate): void => {
      const known = found.get(key);
      // The other side's row may have been of a day of another part.
      const both = { hq: more.hq ?? known?.hq ?? null, lake: [...(known?.lake ?? []), ...more.lake] };
      found.set(key, { ...more, ...both });
    };
    for (const [key, { table, id, rev, met }] of hq)
      if (met === undefined || lake.has(key))
        add(key, { table, id, hq: rev, lake: met === undefined ? [] : [met] });
    for (const [key, { table, rows }] of lake)
      add(key, { table, id: rows[0]?.id ?? '', hq: null, lake: rows });
  }
  return { candidates: [...found.values()], left };
}

interface HqRow {
  readonly table: ComparedTable;
  readonly id: string;
  readonly rev: bigint;
  /** The lake's row that is the same. */
  met: LakeRow | undefined;
}

async function hqRows(
  { hq }: ReconcileParts,
  domain: string,
  tables: ComparedTables,
  daysOf: ReadonlyMap<ComparedTable, ReadonlySet<Day>>,
  moment: Moment,
): Promise<Map<string, HqRow>> {
  const rows = new Map<string, HqRow>();
  for (const { kind } of tables.targets) {
    const own = [...daysOf].filter(([table]) => table.kind === kind);
    const types = kind === 'location' ? null : own.map(([table]) => table.type);
    const spans = spansOf(own.flatMap(([, days]) => [...days]));
    // Locations are listed whole, whatever the span.
    for (const span of kind === 'location' ? spans.slice(0, 1) : spans)
      for await (const part of hq.revisions.rows({ kind, domain, types, span: timesOf(span) }, moment))
        for (const { id, type, rev } of part) {
          const table = tables.of(kind, type);
          if (daysOf.get(table)?.has(dayOf(rev)) !== true) continue;
          const key = keyOf(table, id);
          const other = rows.get(key);
          if (other === undefined || other.rev < rev) rows.set(key, { table, id, rev, met: undefined });
        }
  }
  return rows;
}

/** Parts of so many rows that their ids fit into memory. */
function* inParts(differing: readonly DifferingDay[]): Generator<readonly DifferingDay[]> {
  let part: DifferingDay[] = [];
  let rows = 0;
  for (const each of differing) {
    if (part.length > 0 && rows + each.rows > ROWS_AT_ONCE) {
      yield part;
      [part, rows] = [[], 0];
    }
    part.push(each);
    rows += each.rows;
  }
  if (part.length > 0) yield part;
}

export function keyOf({ kind, type }: ComparedTable, id: string): string {
  return `${type.length}:${kind}${type}${id}`;
}

function timesOf({ from, until }: { from: number; until: number }): { from: string; until: string } {
  return {
    from: momentText(BigInt(from) * MICROS_PER_DAY),
    until: momentText(BigInt(until) * MICROS_PER_DAY),
  };
}

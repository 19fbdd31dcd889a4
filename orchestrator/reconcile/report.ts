import type { DayFacts, TableFacts } from '../ledger/reconciles.js';
import type { ComparedTable, ComparedTables, PinnedTable } from './compared-tables.js';
import type { DaySums, Day } from './day-sums.js';
import { dayOf, dayText, momentText } from './digest.js';
import { keyOf, type DifferingDay, type Listed } from './list-candidates.js';
import type { Candidate, Fault } from './judge.js';
import type { Finding } from './prove.js';
import type { SortedOut } from './sort-out.js';

const EXAMPLES = 5;

/** All that a run has found. */
export interface Outcome {
  readonly tables: ComparedTables;
  readonly pinned: readonly PinnedTable[];
  readonly hq: DaySums;
  readonly lake: DaySums;
  readonly differing: readonly DifferingDay[];
  readonly left: Listed['left'];
  readonly sorted: SortedOut;
  /** Keys (keyOf) of findings that a repair has made right. */
  readonly repaired: ReadonlySet<string>;
  /** Findings that turned out to be unreadable when they were to be repaired. */
  readonly setAsideByRepair: readonly Candidate[];
}

/** What was found, a row per table. */
export function tableFacts(outcome: Outcome): TableFacts[] {
  const { sorted, repaired } = outcome;
  return outcome.tables.all().map((table) => {
    const of = (fault: Fault): number =>
      countOf(
        table,
        sorted.findings.filter((each) => each.fault === fault),
      );
    const unjudged: Record<string, number> = {};
    for (const { reason, candidate } of sorted.unjudged)
      if (candidate.table === table) unjudged[reason] = (unjudged[reason] ?? 0) + 1;
    const left = outcome.left.get(table);
    if (left !== undefined) unjudged['too many differ'] = left;
    return {
      table: table.name,
      deltaVersion: outcome.pinned.find((each) => each.table === table)?.version ?? null,
      hqRows: outcome.hq.rows(table),
      lakeRows: outcome.lake.rows(table),
      differingDays: outcome.differing.filter((each) => each.table === table).length,
      missing: of('missing'),
      stale: of('stale'),
      ghost: of('ghost'),
      repaired: countOf(
        table,
        sorted.findings.filter(({ candidate }) => repaired.has(keyOf(candidate.table, candidate.id))),
      ),
      setAside: [...sorted.setAside, ...outcome.setAsideByRepair].filter((each) => each.table === table)
        .length,
      leftOut: sorted.leftOut.filter((each) => each.table === table).length,
      unjudged,
    };
  });
}

/** How much is not mended, and of how much nothing is said. */
export function totalsOf(outcome: Outcome): { differences: number; unjudged: number } {
  const { sorted, repaired, setAsideByRepair, left } = outcome;
  return {
    differences: sorted.findings.length - repaired.size - setAsideByRepair.length,
    unjudged: sorted.unjudged.length + [...left.values()].reduce((sum, rows) => sum + rows, 0),
  };
}

/** Findings by table and day, with a few ids. */
export function dayFacts(findings: readonly Finding[]): DayFacts[] {
  const days = new Map<string, { fact: Omit<DayFacts, 'records' | 'examples'>; ids: string[] }>();
  for (const { fault, candidate } of findings) {
    const day = dayOfFinding(candidate);
    const key = `${candidate.table.name} ${fault} ${day ?? ''}`;
    const own = days.get(key);
    if (own !== undefined) own.ids.push(candidate.id);
    else {
      const fact = { table: candidate.table.name, fault, day: day === null ? null : dayText(day) };
      days.set(key, { fact, ids: [candidate.id] });
    }
  }
  return [...days.values()].map(({ fact, ids }) => ({
    ...fact,
    records: ids.length,
    examples: ids.sort().slice(0, EXAMPLES),
  }));
}

/** Every finding and everything unjudged: a JSON line each, with the revisions of both sides. */
export function findingLines({ findings, unjudged }: Pick<SortedOut, 'findings' | 'unjudged'>): string {
  const lines = [
    ...findings.map(({ fault, candidate }) => ({ fault, ...plain(candidate) })),
    ...unjudged.map(({ reason, candidate }) => ({ unjudged: reason, ...plain(candidate) })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function plain({ table, id, hq, lake }: Candidate): Record<string, unknown> {
  return {
    table: table.name,
    id,
    hq: hq === null ? null : momentText(hq),
    lake: lake.map(({ rev }) => (rev === null ? null : momentText(rev))),
  };
}

function dayOfFinding({ hq, lake }: Candidate): Day {
  const rev = hq ?? lake[0]?.rev ?? null;
  return rev === null ? null : dayOf(rev);
}

function countOf(table: ComparedTable, findings: readonly Finding[]): number {
  return findings.filter(({ candidate }) => candidate.table === table).length;
}

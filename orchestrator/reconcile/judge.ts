import type { RecordKind } from '../types.js';
import type { ComparedTable } from './compared-tables.js';
import type { LakeRow } from './read-lake.js';

/** Missing: HQ has it, the lake not. Stale: the lake's revision is older. Ghost: the lake has it, HQ not, or not of that type. */
export const FAULTS = ['missing', 'stale', 'ghost'] as const;
export type Fault = (typeof FAULTS)[number];

/** Why nothing is said of a record; decision 0023 tells each. */
export const REASONS = [
  'on its way',
  'topic far behind',
  'location types edited',
  'changes again and again',
  'lake is newer',
  'stands twice',
  'too many differ',
] as const;
export type Reason = (typeof REASONS)[number];

/** A record of a table that does not seem to be the same in HQ and in the lake. */
export interface Candidate {
  readonly table: ComparedTable;
  readonly id: string;
  /** HQ's revision in microseconds, of a live record of the table's type; null: HQ has none. */
  readonly hq: bigint | null;
  /** The lake's rows with this id: one, or none. */
  readonly lake: readonly LakeRow[];
}

export type Verdict = Fault | 'equal' | 'lake is newer' | 'stands twice';

/** What the two sides say, should both be of one moment. */
export function verdictOf({ hq, lake }: Pick<Candidate, 'hq' | 'lake'>): Verdict {
  const [row] = lake;
  // A delete takes every row of the id.
  if (hq === null) return row === undefined ? 'equal' : 'ghost';
  if (row === undefined) return 'missing';
  if (lake.length > 1) return 'stands twice';
  if (row.rev === hq) return 'equal';
  return row.rev === null || row.rev < hq ? 'stale' : 'lake is newer';
}

export function isFault(verdict: Verdict): verdict is Fault {
  return (FAULTS as readonly string[]).includes(verdict);
}

/** Of one kind a record has one row in HQ, whatever table it stands in. */
export function idsByKind(candidates: readonly Candidate[]): ReadonlyMap<RecordKind, ReadonlySet<string>> {
  const kinds = new Map<RecordKind, Set<string>>();
  for (const { table, id } of candidates) {
    const ids = kinds.get(table.kind) ?? new Set<string>();
    kinds.set(table.kind, ids.add(id));
  }
  return kinds;
}

import { NAMES_TOLD } from './overflow.js';
import type { SchemaChange } from './schema-changes.js';
import type { TargetShape } from './target-shape.js';

/** A table that stands at its limit of columns, as the ledger keeps it. */
export interface AtLimit {
  readonly limit: number;
  /** The first paths turned away; {@link NAMES_TOLD} at most. */
  readonly names: readonly string[];
}

type Outcome = Pick<TargetShape, 'turnedAway' | 'hasRoom'>;

/** Whether a table stands at its limit after a lane. Room again, and nothing turned away: it does no more. */
export function atLimit(before: AtLimit | null, target: Outcome, maxColumns: number): AtLimit | null {
  const { turnedAway, hasRoom } = target;
  // A lane of deletes alone was staged without a limit and says nothing.
  if (turnedAway === undefined) return hasRoom && Number.isFinite(maxColumns) ? null : before;
  const names = new Set([...(before?.names ?? []), ...turnedAway.names]);
  return { limit: maxColumns, names: [...names].slice(0, NAMES_TOLD) };
}

/** The one entry of the schema history, by the first record whose paths had no room. */
export function limitReached(before: AtLimit | null, target: Outcome, maxColumns: number): SchemaChange[] {
  const [column] = target.turnedAway?.names ?? [];
  if (before !== null || target.turnedAway === undefined || column === undefined) return [];
  return [
    {
      column,
      change: 'limit',
      from: null,
      to: `${maxColumns} columns`,
      recordId: target.turnedAway.by,
      reread: false,
    },
  ];
}

import type { PartListing, RequestScope } from '../ledger/reprocess.js';
import type { RecordKind, Topic } from '../types.js';
import type { Target } from './scope.js';

/**
 * The ways by which a scope's records are listed; together they find every record it means, each once:
 *
 *   ids, offsets  what is named
 *   a month       `lake`: what the lake has of it; `month`: what HQ received or opened in it and the lake has not there
 *   a span        `modified`, `received`, `operations`: HQ's live records; `ghosts`: what the lake has and HQ has not
 *   all           `live`: HQ's live records; `ghosts`
 *
 * `ghosts` compares every record that the lake has of the scope with HQ: so it finds what was purged with a tombstone, and
 * what went without one.
 */
export function partsOf(
  scope: RequestScope,
  targets: readonly Target[],
): { topic: Topic; listing: PartListing }[] {
  return targets.flatMap(({ topic, kind }) => listingsOf(scope, kind).map((listing) => ({ topic, listing })));
}

function listingsOf(scope: RequestScope, kind: RecordKind): readonly PartListing[] {
  if (scope.ids !== undefined) return ['ids'];
  if (scope.offsets !== undefined) return ['offsets'];
  if (scope.month !== undefined) return kind === 'location' ? [] : ['lake', 'month'];
  if (scope.from === undefined) return ['live', 'ghosts'];
  return kind === 'form' ? ['modified', 'received', 'operations', 'ghosts'] : ['modified', 'ghosts'];
}

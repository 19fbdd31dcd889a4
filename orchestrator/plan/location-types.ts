import type { LocationType } from '../types.js';

/** What a look at a domain's location types found. */
export interface TypeChanges {
  /** Types that are new or other than they were, those of upper levels first. */
  readonly changed: readonly bigint[];
  /** A type that was there is gone. */
  readonly gone: boolean;
}

/** Compares what HQ shows with what was seen before. Both hold one domain's types, in any order. */
export function typeChanges(seen: readonly LocationType[], now: readonly LocationType[]): TypeChanges {
  const before = new Map(seen.map((type) => [type.id, type]));
  const changed = now.filter((type) => !isSame(type, before.get(type.id)));
  const there = new Set(now.map(({ id }) => id));
  return {
    changed: topDown(now, new Set(changed.map(({ id }) => id))),
    gone: seen.some(({ id }) => !there.has(id)),
  };
}

/**
 * The wanted types in one order, upper levels first: a location below one of an earlier type comes along with it. Types
 * that HQ has put in a circle are in some order too.
 */
export function topDown(types: readonly LocationType[], wanted: ReadonlySet<bigint>): readonly bigint[] {
  const byId = new Map(types.map((type) => [type.id, type]));
  const depths = new Map(types.map((type) => [type.id, depthOf(type, byId)]));
  const depth = (id: bigint): number => depths.get(id) ?? 0;
  return [...wanted].sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

function depthOf(type: LocationType, byId: ReadonlyMap<bigint, LocationType>): number {
  const path = new Set([type.id]);
  for (let at = type; at.parentTypeId !== null;) {
    const parent = byId.get(at.parentTypeId);
    if (parent === undefined || path.has(parent.id)) break;
    path.add(parent.id);
    at = parent;
  }
  return path.size;
}

function isSame(type: LocationType, other: LocationType | undefined): boolean {
  return (
    other !== undefined &&
    type.name === other.name &&
    type.code === other.code &&
    type.parentTypeId === other.parentTypeId &&
    type.lastModified === other.lastModified
  );
}

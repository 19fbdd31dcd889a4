import type { NewLocation, NewLocationType } from '../locations.js';
import { PLACES, STATES } from './names.js';
import type { Random } from './random.js';

/** The programme's levels, top down, by location type code. */
export const LEVELS = ['state', 'district', 'project', 'supervisor', 'flwc'] as const;
type Level = (typeof LEVELS)[number];

export const LOCATION_TYPES: readonly NewLocationType[] = [
  { code: 'state', name: 'State' },
  { code: 'district', name: 'District', parentCode: 'state' },
  { code: 'project', name: 'Project', parentCode: 'district' },
  { code: 'supervisor', name: 'Supervisor', parentCode: 'project' },
  { code: 'flwc', name: 'FLWC', parentCode: 'supervisor', administrative: false, sharesCases: true },
];

export type Place = NewLocation & { readonly locationId: string; readonly typeCode: Level };

export interface Geography {
  /** Parents before children. */
  readonly places: readonly Place[];
  readonly byLevel: Readonly<Record<Level, readonly Place[]>>;
}

/**
 * A tree in which each level has about the same number of children; the lowest has exactly `centres` places.
 * @param tag ends every site code, for those must differ between programmes of one domain
 */
export function makeGeography(centres: number, tag: string, random: Random): Geography {
  const fanOut = Math.max(2, Math.ceil(centres ** 0.25));
  const byLevel: Record<Level, Place[]> = { state: [], district: [], project: [], supervisor: [], flwc: [] };
  let parents: readonly Place[] = [];
  LEVELS.forEach((level, depth) => {
    const count = Math.ceil(centres / fanOut ** (LEVELS.length - 1 - depth));
    const made: Place[] = [];
    for (let index = 0; index < count; index++) {
      const parent = parents[Math.min(Math.floor(index / fanOut), parents.length - 1)];
      made.push(makePlace(level, `${level}_${index + 1}${tag}`, index, parent, random));
    }
    byLevel[level] = made;
    parents = made;
  });
  return { places: LEVELS.flatMap((level) => byLevel[level]), byLevel };
}

function makePlace(
  level: Level,
  siteCode: string,
  index: number,
  parent: Place | undefined,
  random: Random,
): Place {
  const name = level === 'state' ? random.pick(STATES) : `${random.pick(PLACES)} ${index + 1}`;
  return {
    name,
    typeCode: level,
    siteCode,
    locationId: random.hex(),
    ...(parent === undefined ? {} : { parentId: parent.locationId }),
    ...(level === 'flwc' && random.chance(0.9)
      ? { latitude: (20 + random.next() * 5).toFixed(6), longitude: (75 + random.next() * 5).toFixed(6) }
      : {}),
    metadata: level === 'flwc' ? { building: random.pick(['own', 'rented', '']) } : {},
  };
}

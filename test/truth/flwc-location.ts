import type { Place, Row, World } from './world.js';

/** Stands in the columns of the levels under a row's own. */
export const ALL = 'ALL';

/** flwc_location: one row per location of each level; it has no month. */
export function flwcLocation(world: World): Row[] {
  const { domain, levels } = world.setting;
  const centres = livingCentres(world);
  const rows: Row[] = [];
  levels.forEach((level, at) => {
    const seen = new Set<string>();
    for (const centre of centres) {
      const own = centre.get(level);
      // A centre that has nothing at this level adds no location to it.
      if (own === undefined || seen.has(own.id)) continue;
      seen.add(own.id);
      rows.push({ domain, location_level: at + 1, ...levelColumns(levels, at, centre) });
    }
  });
  return rows;
}

/** By the id of each living centre: it and its ancestors, by level code. */
export function livingCentresById(world: World): Map<string, ReadonlyMap<string, Place>> {
  const lowest = world.setting.levels.at(-1) ?? '';
  return new Map(livingCentres(world).map((centre) => [centre.get(lowest)?.id ?? '', centre]));
}

function levelColumns(levels: readonly string[], at: number, centre: ReadonlyMap<string, Place>): Row {
  return Object.fromEntries(
    levels.flatMap((level, index) => {
      const place = centre.get(level);
      const below = index > at;
      return [
        [`${level}_id`, below ? ALL : (place?.id ?? null)],
        [`${level}_name`, below ? ALL : (place?.name ?? null)],
        [`${level}_site_code`, below ? ALL : (place?.siteCode ?? null)],
      ];
    }),
  );
}

/** Each location of the lowest level that lives, as are all above it: it and its ancestors by level code. */
function livingCentres({ setting, places }: World): ReadonlyMap<string, Place>[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  const lowest = setting.levels.at(-1);
  const found: ReadonlyMap<string, Place>[] = [];
  for (const place of places) {
    if (place.type !== lowest) continue;
    const line = lineOf(place, byId);
    if (line.some(({ archived }) => archived)) continue;
    const byLevel = new Map<string, Place>();
    for (const one of line) {
      // Of two places of one type the nearest counts.
      if (one.type !== null && setting.levels.includes(one.type) && !byLevel.has(one.type))
        byLevel.set(one.type, one);
    }
    found.push(byLevel);
  }
  return found;
}

/** The place itself, then its ancestors, nearest first. */
function lineOf(place: Place, byId: ReadonlyMap<string, Place>): Place[] {
  const line = [place];
  const seen = new Set([place.id]);
  for (let next = place.parentId; next !== null && !seen.has(next);) {
    seen.add(next);
    const parent = byId.get(next);
    if (parent === undefined) break;
    line.push(parent);
    next = parent.parentId;
  }
  return line;
}

import { findChange } from '../hq-sim/changes.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import type { FreshLake } from './fresh-lake.js';

/** A programme of a few dozen forms and cases under two centres, mishaps included. */
export async function loadSmallProgramme(lake: FreshLake): Promise<void> {
  await loadProgramme(lake.hq, lake.clock, { domain: lake.domain, forms: 40, months: 1, centres: 2 });
}

/** Lets something happen in HQ; kinds as of `hq-sim change`. @returns the ids that changed */
export async function change(lake: FreshLake, kind: string, count = 1): Promise<string[]> {
  const found = findChange(kind);
  if (found === undefined) throw new Error(`${kind} is no change`);
  const ids = await found.act(lake.hq, { domain: lake.domain, count, salt: lake.clock.next() });
  if (ids.length === 0) throw new Error(`${kind} found nothing to change`);
  return ids;
}

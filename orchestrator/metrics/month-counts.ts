import type { Model } from '../aggregation/model.js';
import { readMonthStates, type StatesRequest } from '../aggregation/read-states.js';
import type { LakeConfig } from '../config/lake.js';
import type { MonthCounts } from './from-services.js';

export interface MonthParts extends Pick<StatesRequest, 'database' | 'configOf'> {
  readonly models: readonly Model[];
  readonly config: LakeConfig;
}

/**
 * Months by state, of every domain. Stale months that are closed are left out: they are computed when asked for by name, and
 * a number that nobody is to bring down is no metric.
 */
export async function countMonths({ config, ...parts }: MonthParts): Promise<MonthCounts[]> {
  const counts: MonthCounts[] = [];
  for (const domain of Object.keys(config.domains)) {
    const all = (await readMonthStates({ ...parts, config, domain })).all();
    const count = (state: 'fresh' | 'stale' | 'missing'): number =>
      all.filter((each) => each.state === state && (state === 'fresh' || !each.closed)).length;
    counts.push({
      domain,
      fresh: count('fresh'),
      stale: count('stale'),
      missing: count('missing'),
      failed: all.filter((each) => each.failure !== null).length,
    });
  }
  return counts;
}

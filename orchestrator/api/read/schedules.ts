import { addMonths } from '../../aggregation/months.js';
import { clockOf } from '../../aggregation/schedule.js';
import { dueAt, newestDue, type MonthlyClock } from '../../aggregation/schedule-clock.js';
import type { LakeConfig } from '../../config/lake.js';

export interface NextRun {
  readonly month: string;
  readonly dueAt: string;
}

/** The months that come due next, of each domain that has a schedule. */
export function nextRuns(
  config: LakeConfig,
  now: Date,
  count: number,
): { domain: string; clock: MonthlyClock; next: NextRun[] }[] {
  return Object.keys(config.domains).flatMap((domain) => {
    const clock = clockOf(config, domain);
    if (clock === undefined) return [];
    const newest = newestDue(now, clock);
    const next = Array.from({ length: count }, (_, at) => {
      const month = addMonths(newest, at + 1);
      return { month, dueAt: dueAt(month, clock).toISOString() };
    });
    return [{ domain, clock, next }];
  });
}

import type { MonthStates } from '../../aggregation/month-states.js';
import { readMonthStates } from '../../aggregation/read-states.js';
import { activeConfig } from '../active-config.js';
import type { ApiParts } from '../parts.js';

/** Working out a domain's months reads what changed in all its tables; the home page needs only a rough count of them. */
const KEPT_MS = 15_000;

type MonthParts = Pick<ApiParts, 'database' | 'models' | 'configOf'>;

/** States of a domain's months as they are now. */
export async function monthsNow(parts: MonthParts, domain: string): Promise<MonthStates> {
  const { config } = await activeConfig(parts);
  const { database, models, configOf } = parts;
  return readMonthStates({ database, models: models.all, domain, config, configOf });
}

export interface MonthCounts {
  readonly stale: number;
  readonly failed: number;
}

/** Counts per domain, a few seconds old at most. */
export class MonthCounter {
  readonly #parts: MonthParts;
  readonly #kept = new Map<string, { readonly at: number; readonly counts: Promise<MonthCounts> }>();

  constructor(parts: MonthParts) {
    this.#parts = parts;
  }

  of(domain: string): Promise<MonthCounts> {
    const known = this.#kept.get(domain);
    if (known !== undefined && Date.now() - known.at < KEPT_MS) return known.counts;
    const counts = monthsNow(this.#parts, domain).then((states) => {
      const all = states.all();
      return {
        stale: all.filter(({ state, closed }) => state === 'stale' && !closed).length,
        failed: all.filter(({ failure }) => failure !== null).length,
      };
    });
    this.#kept.set(domain, { at: Date.now(), counts });
    counts.catch(() => this.#kept.delete(domain));
    return counts;
  }
}

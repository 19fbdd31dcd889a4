import type { StatesRequest } from '../aggregation/read-states.js';
import { readMonthStates } from '../aggregation/read-states.js';
import { monthsReprocessed, reaggregated, requestsToReaggregate } from '../ledger/reprocess.js';
import { affectedMonths } from './affected-months.js';

/** A month that a reprocess has made stale. */
export interface MonthToAsk {
  readonly domain: string;
  readonly table: string;
  readonly month: string;
  readonly reason: string;
  readonly idempotencyKey: string;
}

/** What asking for months needs. */
export interface ReaggregateParts extends Omit<StatesRequest, 'domain' | 'changes'> {
  /** Asks for a month to be computed; asked twice under one key is asked once. */
  request(month: MonthToAsk): Promise<void>;
}

/**
 * Asks for the months that ended requests with `reaggregate` have made stale, closed ones too, for somebody asked for
 * them. Tables without months come with what is made of them. Died on the way, it is done again under the same keys.
 * @returns how many months were asked for
 */
export async function reaggregateDone(states: ReaggregateParts): Promise<number> {
  let asked = 0;
  for (const { id, domain } of await requestsToReaggregate(states.database)) {
    const touched = await monthsReprocessed(states.database, id);
    const affected = touched.length === 0 ? [] : await affectedMonths({ ...states, domain }, touched);
    const now = await readMonthStates({ ...states, domain });
    for (const { table, month } of affected) {
      // It may have been computed since.
      if (month === null || now.of(table, month).state !== 'stale') continue;
      await states.request({
        domain,
        table,
        month,
        reason: `after reprocess ${id}`,
        idempotencyKey: `reprocess-${id}-${table}-${month}`,
      });
      asked++;
    }
    await reaggregated(states.database, id);
  }
  return asked;
}

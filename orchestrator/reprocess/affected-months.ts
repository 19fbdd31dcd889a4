import type { MonthState } from '../aggregation/month-states.js';
import { readMonthStates, type StatesRequest } from '../aggregation/read-states.js';

/** A month of a lake table whose rows change; null: any month's may. */
export interface TouchedMonth {
  readonly table: string;
  readonly month: string | null;
}

/** Newer than any version that a month was computed from. */
const LATER = 2n ** 62n;

/**
 * The published months of aggregations that become stale when these months of lake tables change, by the rules of the
 * models: those that read them, and those that are made from such. What is stale for other reasons alone is not among them.
 */
export async function affectedMonths(
  request: Omit<StatesRequest, 'changes'>,
  touched: readonly TouchedMonth[],
): Promise<MonthState[]> {
  const changes = touched.map((each) => ({ ...each, deltaVersion: LATER, batchId: 0n, rows: 0 }));
  const before = await readMonthStates({ ...request, changes: [] });
  const after = await readMonthStates({ ...request, changes });
  return after.all().filter((state) => {
    if (state.published === null || state.state !== 'stale') return false;
    return state.reasons.join() !== before.of(state.table, state.month).reasons.join();
  });
}

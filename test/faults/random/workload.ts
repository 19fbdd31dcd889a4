import { findChange } from '../../hq-sim/changes.js';
import { dimagiLake } from '../../helpers/dimagi-lake.js';
import type { FreshLake } from '../../helpers/fresh-lake.js';
import type { PlannedChange } from './plan.js';

/**
 * Lets something happen in HQ, the same to the same plan's documents each time. Ids of new documents are HQ's own.
 * @param salt decides which documents it happens to
 * @returns to how many documents it happened; none is no fault: nothing may be archived yet that could be brought back
 */
export async function letHappen(
  lake: FreshLake,
  { kind, count }: PlannedChange,
  salt: string,
): Promise<number> {
  if (kind === 'reprocess') {
    await dimagiLake(lake, 'reprocess', '--domain', lake.domain, '--reason', 'part of a random run');
    return 1;
  }
  const found = findChange(kind);
  if (found === undefined) throw new Error(`${kind} is no change`);
  return (await found.act(lake.hq, { domain: lake.domain, count, salt })).length;
}

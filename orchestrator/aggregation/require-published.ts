import { LakeError } from '../errors.js';
import {
  aggregationLease,
  newestRun,
  newestWritten,
  type AggregationTarget,
} from '../ledger/aggregation-runs.js';
import { heldLeases } from '../ledger/leases.js';
import { writtenBy } from './compute.js';
import type { AggregationContext } from './context.js';
import type { Model } from './model.js';
import { neededMonth } from './month-facts.js';
import { outputPath } from './output-path.js';

/**
 * A month that was written but not published did not pass its audits, or is being made: nothing may be built on it.
 * @throws LakeError PREDECESSOR_UNPUBLISHED, or PREDECESSOR_RUNNING when a process is at that month
 */
export async function requirePublished(
  context: AggregationContext,
  model: Model,
  target: AggregationTarget,
): Promise<void> {
  for (const need of model.needs) {
    const needed = { domain: target.domain, model: need.table, month: neededMonth(need, target.month) };
    // Looked at before the runs: what is published in between is not taken for what a dead process left.
    const held = await heldLeases(context.database, [aggregationLease(needed)]);
    const run = await unpublished(context, needed, held.size > 0);
    if (run === undefined) continue;
    const what = needed.month === null ? needed.model : `${needed.model} of ${needed.month}`;
    const facts = { table: needed.model, month: needed.month, run: run.toString() };
    throw held.size > 0
      ? new LakeError('PREDECESSOR_RUNNING', `${what} is being computed (run ${run})`, { facts })
      : new LakeError('PREDECESSOR_UNPUBLISHED', `${what} was written but not published (run ${run})`, {
          facts,
        });
  }
}

/** The run whose rows may stand in the lake unpublished. */
async function unpublished(
  context: AggregationContext,
  needed: AggregationTarget,
  isHeld: boolean,
): Promise<bigint | undefined> {
  const written = await newestWritten(context.database, needed);
  if (written !== undefined && written.state !== 'published') return written.id;
  const newest = await newestRun(context.database, needed);
  if (newest?.state !== 'running') return undefined;
  // Its commit may be there before the ledger knows of it.
  if (isHeld) return newest.id;
  const rows = await writtenBy(context, newest, outputPath(needed.domain, needed.model));
  return rows === undefined ? undefined : newest.id;
}

import type { PipelineContext } from './pipeline/context.js';
import { planFanOut } from './pipeline/fan-out.js';
import { lookAtTypes, type PlanningConfig } from './pipeline/follow-types.js';
import { mergeBatch } from './pipeline/merge-batch.js';
import { planNext, type Poller } from './pipeline/plan-next.js';
import { stageBatch } from './pipeline/stage-batch.js';

/**
 * The path of a change, in order (design section 4). Each step is done by whoever holds its lease, starts from what
 * the ledger says and may be repeated after a crash at any point:
 *
 *   plan     kafka/ reads a range, plan/ makes the manifest of ids, one transaction draws the topic's next sequence
 *   stage    extract/ reads HQ, transform/ masks and filters, shape/ and stage/ write the staging files once, one
 *            transaction makes them the batch's
 *   merge    sql/ renders the lanes, submit/ hands them to Spark, commit/ verifies each by the Delta log, and one
 *            transaction commits the batch
 *
 * Planning is one poller per topic; staging goes in sequence order per topic; each table merges in sequence order.
 * Staging of later batches overlaps merging of earlier ones. Beside the poller, location types are looked at now and
 * then, because Kafka tells nothing of them; what they change is planned as pages in the same sequence.
 */
export interface Pipeline {
  /** @returns the new batch, or undefined when there is nothing new (or another process is the poller) */
  plan(poller: Poller): Promise<bigint | undefined>;
  /** Notes in the ledger which location types HQ has changed, and so which locations are to be read again. */
  lookAtTypes(planning: PlanningConfig, signal?: AbortSignal): Promise<void>;
  /** Plans pages of what the looks have noted. @returns how many */
  fanOut(planning: PlanningConfig, signal?: AbortSignal): Promise<number>;
  /** @returns false when another process is at it */
  stage(batchId: bigint): Promise<boolean>;
  /** @returns false when another process is at it */
  merge(batchId: bigint): Promise<boolean>;
}

export function createPipeline(context: PipelineContext): Pipeline {
  return {
    plan: (poller) => planNext(context, poller),
    lookAtTypes: (planning, signal) => lookAtTypes(context, planning, signal),
    fanOut: (planning, signal) => planFanOut(context, planning, signal),
    stage: (batchId) => stageBatch(context, batchId),
    merge: (batchId) => mergeBatch(context, batchId),
  };
}

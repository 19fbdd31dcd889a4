import { withLeases } from '../ledger/leases.js';
import { cleanStaging } from '../pipeline/clean-staging.js';
import type { PipelineContext } from '../pipeline/context.js';
import type { Enqueuer } from './enqueue.js';
import { repeat } from './repeat.js';

const SWEEP_MS = 1_000;
const CLEAN_EVERY_MS = 10 * 60_000;

/**
 * Re-queues ledger work that has no live job (a flushed Redis, a killed worker, a retry whose time has come), and
 * deletes the staged files of batches that were committed long enough ago.
 */
export async function runSweeper(
  context: PipelineContext,
  enqueuer: Enqueuer,
  signal: AbortSignal,
): Promise<void> {
  let cleaned = 0;
  await repeat(
    'sweeper',
    SWEEP_MS,
    async () => {
      await enqueuer.enqueueDue();
      if (Date.now() - cleaned > CLEAN_EVERY_MS) {
        await withLeases(context.database, ['clean-staging'], context.owner, () => cleanStaging(context));
        cleaned = Date.now();
      }
      return false;
    },
    context.logger,
    signal,
  );
}

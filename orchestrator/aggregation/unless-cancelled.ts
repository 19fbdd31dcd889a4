import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError, LakeError } from '../errors.js';
import { cancelOf, type AggregationRun } from '../ledger/aggregation-runs.js';
import type { AggregationContext } from './context.js';

/** Shorter than the pause before a step is tried again: a cancelled run's driver must not be started anew. */
const LOOK_EVERY_MS = 500;

/**
 * Does the work of a run as long as nobody has cancelled it; the wish stands in the ledger, whoever had it.
 * @param act its signal aborts when the run is cancelled
 * @throws LakeError CANCELLED
 */
export async function unlessCancelled(
  { database, logger }: Pick<AggregationContext, 'database' | 'logger'>,
  run: AggregationRun,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const cancelled = new AbortController();
  const ended = new AbortController();
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        const text = await cancelOf(database, run.id);
        if (text !== undefined) {
          cancelled.abort(new LakeError('CANCELLED', text, { facts: { run: run.id.toString() } }));
          return;
        }
      } catch (thrown) {
        logger.debug('cancel not looked for, to be tried again', { reason: asLakeError(thrown).message });
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  try {
    await act(AbortSignal.any([signal, cancelled.signal]));
  } catch (thrown) {
    // Whatever a step made of it: the cause is that it was cancelled.
    throw cancelled.signal.aborted ? cancelled.signal.reason : thrown;
  } finally {
    ended.abort();
    await watching;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError } from '../errors.js';
import type { Logger } from '../logger.js';

/** After a failure the next turn waits so long at least, so that an outage is not answered with a storm. */
const AFTER_FAILURE_MS = 2_000;

/**
 * Takes turns until the signal aborts; a turn that fails is logged and followed by the next one.
 * @param turn returns true when more work waits, so that the next turn follows at once
 */
export async function repeat(
  name: string,
  everyMs: number,
  turn: () => Promise<boolean>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    let pause = everyMs;
    try {
      if (await turn()) pause = 0;
    } catch (thrown) {
      if (stopped()) return;
      const error = asLakeError(thrown);
      if (error.code !== 'LEASE_LOST') {
        logger.warn(`${name} failed, to be tried again`, { code: error.code, reason: error.message });
      }
      pause = Math.max(everyMs, AFTER_FAILURE_MS);
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 100;
const LONGEST_MS = 240_000;

/**
 * Waits for a condition.
 * @param found gives undefined or false as long as it does not hold
 * @throws Error naming `what` when it does not hold in time
 */
export async function until<T>(
  what: string,
  found: () => T | undefined | false | Promise<T | undefined | false>,
  longestMs = LONGEST_MS,
): Promise<T> {
  const giveUp = Date.now() + longestMs;
  for (;;) {
    const result = await found();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > giveUp) throw new Error(`not so after ${longestMs / 1000} s: ${what}`);
    await sleep(LOOK_AGAIN_MS);
  }
}

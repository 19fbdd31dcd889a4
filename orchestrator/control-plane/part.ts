import { setTimeout as sleep } from 'node:timers/promises';

/** Something that runs until it is stopped: a poller, workers, a schedule, the API. */
export interface Part {
  /** Begins nothing new and finishes what is under way; the ledger makes it safe to be ended before. */
  stop(): Promise<void>;
}

/** Parts that are one to the outside. */
export function together(parts: readonly Part[]): Part {
  return {
    async stop() {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}

/** A part that is loops, each of which ends by itself when its signal aborts. */
export function loopingPart(
  run: (signal: AbortSignal) => readonly Promise<unknown>[],
  mayTakeMs: number,
): Part {
  const stopping = new AbortController();
  const loops = run(stopping.signal);
  return {
    async stop() {
      stopping.abort();
      // A client that hangs must not keep the process: the ledger's leases run out by themselves.
      await Promise.race([Promise.allSettled(loops), sleep(mayTakeMs, undefined, { ref: false })]);
    },
  };
}

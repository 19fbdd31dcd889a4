import { EXIT } from '../errors.js';

/**
 * Aborts at the first SIGINT or SIGTERM: work under way is finished, nothing new begun. The second one ends the process
 * at once; the ledger makes that safe.
 */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.failed);
    process.stderr.write(
      '\nStopping after the work under way; press again to stop at once (nothing is lost).\n',
    );
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}

/** Settles when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

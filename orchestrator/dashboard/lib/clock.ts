import { useSyncExternalStore } from 'react';

/** One clock for all relative times of a page, so that a thousand rows have one timer. */
const TICK_MS = 5000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present moment, in milliseconds, as of the last tick. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

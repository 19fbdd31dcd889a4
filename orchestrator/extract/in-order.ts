/**
 * Acts on inputs with at most `limit` at work, yields the results in the inputs' order, and starts no more than the
 * consumer takes. When the consumer stops early, or one fails, what is at work is waited for, so nothing of it can
 * outlive the call.
 */
export async function* inOrder<In, Out>(
  inputs: Iterable<In>,
  limit: number,
  act: (input: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const working: Promise<Out>[] = [];
  try {
    for (const input of inputs) {
      const work = act(input);
      // It may fail long before its turn to be awaited comes: that must not count as unhandled.
      work.catch(() => undefined);
      working.push(work);
      const first = working.length >= limit ? working.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let next = working.shift(); next !== undefined; next = working.shift()) yield await next;
  } finally {
    await Promise.allSettled(working);
  }
}

/** Consecutive pieces of at most `size`. */
export function* chunked<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/**
 * The candidate a person most likely meant: one that begins so, or that has at most a third of its letters wrong,
 * missing, added or swapped.
 * @returns undefined when none is that near
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; steps: number } | undefined;
  for (const candidate of candidates) {
    const begun = word.length >= 3 && candidate.toLowerCase().startsWith(word.toLowerCase());
    const steps = begun ? 1 : stepsBetween(word.toLowerCase(), candidate.toLowerCase());
    if (steps <= Math.max(1, candidate.length / 3) && (best === undefined || steps < best.steps))
      best = { candidate, steps };
  }
  return best?.candidate;
}

/** Letters to change, add, drop or swap with their neighbour (optimal string alignment). */
function stepsBetween(from: string, to: string): number {
  let [last, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_each, at) => at)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (last[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [last, row] = [row, next];
  }
  return row[to.length] ?? 0;
}

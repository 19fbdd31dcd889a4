import { readdirSync, readFileSync } from 'node:fs';

/** What some processes used while something ran. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  /** The most that all of them held at one time, resident. */
  readonly peakBytes: number;
}

/** A process as /proc shows it. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Which of all processes count. */
export type Choose = (all: readonly SeenProcess[]) => readonly SeenProcess[];

const EVERY_MS = 100;
/** Clock ticks of /proc are hundredths of a second on every Linux there is. */
const TICKS = 100;
const PAGE_BYTES = 4096;

/** The process and all below it. */
export function treeOf(pid: number): Choose {
  return (all) => {
    const inside = new Set([pid]);
    // A child may stand before its parent in the list; a tree of processes is never deep.
    for (let before = 0; before !== inside.size;) {
      before = inside.size;
      for (const each of all) if (inside.has(each.parent)) inside.add(each.pid);
    }
    return all.filter((each) => inside.has(each.pid));
  };
}

export function allOf(...choices: readonly Choose[]): Choose {
  return (all) => [...new Set(choices.flatMap((choose) => choose(all)))];
}

/**
 * Watches processes while `act` goes on, by /proc; what they had used before does not count. A process that ends between
 * two looks takes the last tenth of a second with it. Null where there is no /proc, or none of them was seen.
 */
export async function usageOf<T>(
  choose: Choose,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly usage: ProcessUsage | null }> {
  const before = new Map(choose(processes()).map((each) => [each.pid, each.cpuSeconds]));
  const newest = new Map<number, number>();
  let peakBytes = 0;
  const look = (): void => {
    const seen = choose(processes());
    for (const { pid, cpuSeconds } of seen) newest.set(pid, cpuSeconds);
    peakBytes = Math.max(
      peakBytes,
      seen.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    );
  };
  const timer = setInterval(look, EVERY_MS);
  try {
    const result = await act();
    look();
    const cpuSeconds = [...newest].reduce((sum, [pid, used]) => sum + used - (before.get(pid) ?? 0), 0);
    return { result, usage: newest.size === 0 ? null : { cpuSeconds, peakBytes } };
  } finally {
    clearInterval(timer);
  }
}

function processes(): SeenProcess[] {
  const seen: SeenProcess[] = [];
  for (const name of names()) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      seen.push({ pid: Number(name), command, ...statOf(readFileSync(`/proc/${name}/stat`, 'utf8')) });
    } catch {
      // It has ended meanwhile.
    }
  }
  return seen;
}

function names(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The command's name is in brackets and may hold anything; what follows it is counted from there. */
function statOf(stat: string): Pick<SeenProcess, 'parent' | 'cpuSeconds' | 'residentBytes'> {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (index: number): number => Number(fields[index] ?? 0);
  return { parent: at(1), cpuSeconds: (at(11) + at(12)) / TICKS, residentBytes: at(21) * PAGE_BYTES };
}

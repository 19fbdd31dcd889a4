import { readdirSync, readFileSync } from 'node:fs';

/** What Spark's processes (drivers and executors) used while something ran. */
export interface SparkUsage {
  readonly cpuSeconds: number;
  /** The most that all of them held at one time, resident. */
  readonly peakBytes: number;
}

interface Usage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const EVERY_MS = 100;
/** Clock ticks of /proc are hundredths of a second on every Linux there is. */
const TICKS = 100;
const PAGE_BYTES = 4096;
const CLASSES = /org\.apache\.spark\.(deploy\.worker\.DriverWrapper|executor\.CoarseGrainedExecutorBackend)/;
const THRIFT = 'dimagi-lake-thrift';

/**
 * Watches the drivers and executors of a stack while `act` goes on, by /proc; what they had used before does not count. A
 * process that ends between two looks takes the last tenth of a second with it. Null where there is no /proc.
 * @param mark a text in the command line of all of them: the stack's folder
 */
export async function whileWatched<T>(
  mark: string,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly usage: SparkUsage | null }> {
  const before = look(mark);
  const newest = new Map<number, Usage>();
  let peakBytes = 0;
  const take = (): void => {
    const seen = look(mark);
    for (const [pid, usage] of seen) newest.set(pid, usage);
    peakBytes = Math.max(
      peakBytes,
      [...seen.values()].reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    );
  };
  const timer = setInterval(take, EVERY_MS);
  try {
    const result = await act();
    take();
    const used = [...newest].map(([pid, { cpuSeconds }]) => cpuSeconds - (before.get(pid)?.cpuSeconds ?? 0));
    const cpuSeconds = used.reduce((sum, each) => sum + each, 0);
    return { result, usage: newest.size === 0 ? null : { cpuSeconds, peakBytes } };
  } finally {
    clearInterval(timer);
  }
}

function look(mark: string): Map<number, Usage> {
  const found = new Map<number, Usage>();
  for (const name of processes()) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (!CLASSES.test(command) || !command.includes(mark) || command.includes(THRIFT)) continue;
      found.set(Number(name), usageOf(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The command's name is in brackets and may hold anything; what follows it is counted from there. */
function usageOf(stat: string): Usage {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (index: number): number => Number(fields[index] ?? 0);
  return { cpuSeconds: (at(11) + at(12)) / TICKS, residentBytes: at(21) * PAGE_BYTES };
}

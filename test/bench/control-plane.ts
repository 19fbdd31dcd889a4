import { join } from 'node:path';
import type { FreshLake } from '../helpers/fresh-lake.js';
import { startProcess, type Orchestrator } from '../helpers/orchestrator.js';
import type { Bench, Figure } from './measurement.js';
import { rewriteFigure, tablesIn } from './merge/delta-files.js';
import type { ProcessUsage } from './process-usage.js';

/** `up`, as an operator runs it, as far as ingestion goes: every topic's poller and workers in one process. */
export function startPlane(
  bench: Bench,
  lake: FreshLake,
  env: Readonly<Record<string, string>>,
): Orchestrator {
  const plane = startProcess('the control plane', ['up', '--only', 'poller,workers'], {
    ...lake.env,
    ...env,
  });
  bench.after(() => endPlane(plane));
  return plane;
}

export async function endPlane(plane: Orchestrator): Promise<void> {
  plane.kill('SIGTERM');
  await plane.ended;
}

/** @throws when the process has ended: nothing more will come then */
export function requireAlive(plane: Orchestrator): void {
  try {
    process.kill(plane.pid, 0);
  } catch {
    throw new Error(`the control plane has ended; its log:\n${plane.stderr()}`);
  }
}

/** What work on forms has cost: of the processor and memory, and in bytes written. Usage is null where there is no /proc. */
export function costFigures(
  lake: FreshLake,
  usage: ProcessUsage | null,
  done: { readonly count: number; readonly what: string; readonly unit: string },
): Figure[] {
  const both = 'control plane and drivers';
  const tables = tablesIn(join(lake.folder, 'commcare', lake.domain, 'form-sql'));
  const ofProcesses: Figure[] =
    usage === null
      ? []
      : [
          {
            what: `${done.what} per processor second, ${both}`,
            value: done.count / usage.cpuSeconds,
            unit: done.unit,
          },
          { what: `peak memory, ${both}`, value: usage.peakBytes / 1024 ** 2, unit: 'MB' },
        ];
  return [...ofProcesses, rewriteFigure('all batches', tables)];
}

import type { FreshLake } from '../helpers/fresh-lake.js';
import { startProcess, type Orchestrator } from '../helpers/orchestrator.js';
import type { Bench } from './measurement.js';

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

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FreshLake } from './fresh-lake.js';
import { stackVariable } from './stack-environment.js';
import { until } from './until.js';

/** The driver that claimed a run: its process, and its folder in the worker's work folder. */
export interface DriverProcess {
  readonly pid: number;
  /** Spark's id. */
  readonly id: string;
}

/** Waits until a driver has claimed a run and works on it. */
export async function claimingDriver(lake: FreshLake): Promise<DriverProcess> {
  return until('a driver has claimed a run', async () => {
    const { rows } = await lake.ledger.query<{ driver: string | null }>(
      "SELECT driver FROM run WHERE state = 'claimed'",
    );
    // `pid@host driver-id`, as the runner names itself.
    const [, pid, id] = /^(\d+)@\S* (driver-\S+)$/.exec(rows[0]?.driver ?? '') ?? [];
    return pid === undefined || id === undefined ? undefined : { pid: Number(pid), id };
  });
}

export async function untilFrozen({ pid }: DriverProcess): Promise<void> {
  await until(`process ${pid} is stopped`, () => isStopped(pid));
}

/** Whether a SIGSTOP holds it. */
export function isStopped(pid: number): boolean {
  return processState(pid)?.startsWith('T') ?? false;
}

export async function untilGone({ pid }: DriverProcess): Promise<void> {
  await until(`process ${pid} has ended`, () => processState(pid) === undefined);
}

/** What the runner itself said last, without Spark's lines. */
export function lastWords({ id }: DriverProcess): string {
  const folder = join(stackVariable('TEST_STACK_DIR'), 'spark', 'work', id);
  return ['stdout', 'stderr']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => / runner /.test(line))
    .join('\n');
}

/** `R`, `S`, `T` (stopped) …; undefined when it is gone or only its zombie is left. */
function processState(pid: number): string | undefined {
  const state = process.platform === 'linux' ? stateFromProc(pid) : stateFromPs(pid);
  return state === undefined || state === '' || state.startsWith('Z') ? undefined : state;
}

function stateFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0];
  } catch {
    return undefined;
  }
}

function stateFromPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

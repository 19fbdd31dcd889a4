import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stackLayout } from '../../deploy/stack/layout.js';
import { processGroup } from '../../deploy/stack/process-table.js';
import { livePid } from '../../deploy/stack/processes.js';

const EXECUTOR = 'CoarseGrainedExecutorBackend';
const THRIFT_SERVER = 'HiveThriftServer2';

/**
 * Processes that the stack's Spark worker has started and that live: drivers and executors. The Thrift Server is a
 * driver too; it belongs to the stack and is left out.
 */
export function workersChildren(stack: string): readonly number[] {
  const worker = livePid(stackLayout(stack), 'spark-worker');
  if (worker === undefined) return [];
  return processGroup(worker)
    .map(({ pid }) => pid)
    .filter((pid) => pid !== worker && !commandOf(pid).includes(THRIFT_SERVER));
}

export function executorPids(stack: string): readonly number[] {
  return workersChildren(stack).filter((pid) => commandOf(pid).includes(EXECUTOR));
}

/** Empty when it has ended. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

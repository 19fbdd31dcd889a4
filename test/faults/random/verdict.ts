import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { requireExactlyOnce, requireNothingLeft } from '../../helpers/exactly-once.js';
import { endDrivers } from '../../helpers/spark-drivers.js';
import { commandOf, workersChildren } from '../../helpers/spark-executors.js';
import { until } from '../../helpers/until.js';
import type { Scene } from './inject/injector.js';

/** What is judged. */
export type Judged = Pick<Scene, 'lake' | 'manager' | 'stack'>;

/**
 * The verdict over a run: no row lost, doubled or older than HQ's (the oracle), each lane one MERGE in the Delta log, no
 * half-finished work in the ledger, no process left, and no orchestrator ever ended but by our hand.
 * @param readSince everything before this moment of HQ's clock was read when it was new
 */
export async function requireRight(scene: Judged, readSince: string): Promise<void> {
  const { lake, manager } = scene;
  assert.deepEqual(manager.faults, [], 'no orchestrator ends by itself');
  await requireNothingHalf(scene);
  await lake.requireEqual({ locationColumns: 'written', readSince });
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake);
  await requireNoStrays(scene);
}

async function requireNothingHalf({ lake }: Judged): Promise<void> {
  const { rows } = await lake.ledger.query(
    `SELECT 'run ' || id AS what, state, reason FROM run WHERE state IN ('submitted', 'claimed')
     UNION ALL SELECT 'topic ' || name, state, reason FROM topic WHERE state <> 'running'
     UNION ALL SELECT 'table ' || table_name, state, reason FROM lake_table WHERE state <> 'running'
     UNION ALL SELECT 'reprocess ' || id, state, failure FROM reprocess_request WHERE state <> 'done'
     UNION ALL SELECT 'set aside ' || record_id, state, reason FROM quarantine`,
  );
  assert.deepEqual(rows, [], 'nothing is half done, halted or set aside');
}

/** Orchestrators are found by their environment, drivers and executors by the worker that started them. */
async function requireNoStrays({ manager, stack }: Judged): Promise<void> {
  await endDrivers();
  await until('drivers and executors have ended', () => workersChildren(stack).length === 0).catch(() => {
    assert.fail(
      `left over of the worker: ${workersChildren(stack).map(commandOf).join('\n').slice(0, 2_000)}`,
    );
  });
  assert.deepEqual(stillThere(manager.pids(), stack), [], 'no orchestrator is left');
}

/** @param stack another run, on a stack of its own, is nobody's business here */
function stillThere(pids: readonly number[], stack: string): string[] {
  if (process.platform !== 'linux')
    return pids.map(commandOf).filter((command) => command.includes('dimagi'));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => environmentOf(name).split('\0').includes(`FAULT_RUN=${stack}`))
    .map((name) => commandOf(Number(name)));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return ''; // It has ended, or is another user's.
  }
}

import { randomUUID } from 'node:crypto';
import { followRun } from '../commit/follow-run.js';
import { crashPoint } from '../crash-point.js';
import { asLakeError, LakeError } from '../errors.js';
import { batchFailed, extractAgain, readBatch, type Batch } from '../ledger/batches.js';
import { commitBatch } from '../ledger/committing.js';
import { haltLane, readLanes, runnableLanes, type Lane } from '../ledger/lanes.js';
import { requireLease, withLeases, type Lease } from '../ledger/leases.js';
import { countRuns, insertRun, liveRun, readRun, type Run } from '../ledger/runs.js';
import { readTables } from '../ledger/tables.js';
import { isTurnFree, takeTurn } from '../ledger/turns.js';
import { readManifest } from '../stage/staging-manifest.js';
import { driverGroup, needsExecutors } from '../submit/driver-request.js';
import { writeRunFiles, type LaneScript } from '../submit/run-files.js';
import type { PipelineContext } from './context.js';
import { giveToDriver } from './give-to-driver.js';
import { pagesAfter, planNextPage } from './page-jobs.js';
import { pageOfRefused } from './refused.js';
import { renderRunLane } from './render-run.js';
import { settleLanes } from './settle-lanes.js';

/**
 * render ▸ submit ▸ verify ▸ commit. One call makes one round: it goes on with a run that is under way, else submits
 * the lanes that may run now, then looks every lane up in the Delta log; the sweeper calls again while work is left.
 * @returns false when another process holds the batch or one of its tables
 */
export async function mergeBatch(context: PipelineContext, batchId: bigint): Promise<boolean> {
  const { database } = context;
  const tables = [...new Set((await readLanes(database, batchId)).map((lane) => `table:${lane.tableId}`))];
  const names = [`merge:${batchId}`, ...tables];
  const done = await withLeases(database, names, context.owner, async (leases, signal) => {
    const lease = leases.find((each) => each.name === `merge:${batchId}`);
    const batch = await readBatch(database, batchId);
    if (batch.state !== 'staged' || lease === undefined) return true;
    try {
      await mergeRound(context, batch, lease, signal);
    } catch (thrown) {
      await roundFailed(context, batch, lease, thrown);
    }
    return true;
  });
  return done ?? false;
}

async function mergeRound(
  context: PipelineContext,
  batch: Batch,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const { database } = context;
  let run: Run | typeof ANOTHERS_TURN | undefined = await liveRun(database, batch.id);
  if (run === undefined) {
    // A run that was taken from its driver may have committed all the same: the log is asked before Spark is.
    await settleLanes(context, batch, lease);
    run = await startRun(context, batch, lease, signal);
    if (run === ANOTHERS_TURN) return;
  }
  if (run !== undefined) {
    await followRun(
      database,
      context.spark,
      run.id,
      context.environment.RUN_LEASE_SECONDS,
      context.logger,
      signal,
    );
    await settleLanes(context, batch, lease, await readRun(database, run.id));
  }
  const again = await pageOfRefused(context, batch);
  const pages = await pagesAfter(context, batch);
  crashPoint('before-commit');
  const isCommitted = await database.transaction(async (tx) => {
    if (!(await commitBatch(tx, lease, batch, again))) return false;
    for (const page of pages) await planNextPage(tx, page);
    return true;
  });
  if (isCommitted) {
    crashPoint('after-commit');
    context.logger.info('batch committed', { topic: batch.topic, batchId: batch.id.toString() });
    return;
  }
  const failed = (await readLanes(database, batch.id)).filter((lane) => lane.state === 'failed');
  if (failed.length > 0)
    await batchFailed(database, batch.id, 'transient', `${failed.length} lane(s) failed`);
}

/** The run wants executors, which another one has: the sweeper calls again. */
const ANOTHERS_TURN = "another's turn";

/** @returns undefined when no lane may run now */
async function startRun(
  context: PipelineContext,
  batch: Batch,
  lease: Lease,
  signal: AbortSignal,
): Promise<Run | typeof ANOTHERS_TURN | undefined> {
  const { database } = context;
  const runnable = await runnableLanes(database, batch.id);
  const lanes = (await readLanes(database, batch.id)).filter((lane) => runnable.has(lane.id));
  if (lanes.length === 0) return undefined;
  const rows = lanes.reduce((sum, lane) => sum + lane.upserts + lane.deletes, 0);
  const onExecutors = needsExecutors({ rows }, context.environment);
  if (onExecutors && !(await isTurnFree(database))) return ANOTHERS_TURN;
  const runId = `${batch.topic}-${batch.sequence}-x${batch.extraction}-${(await countRuns(database, batch.id)) + 1}`;
  const path = `${batch.stagingPath ?? ''}/${runId}`;
  const scripts = await renderScripts(context, batch, lanes, runId);
  if (scripts.length === 0) return undefined;
  const runFile = await writeRunFiles(context.checkpoint, path, runId, scripts);
  const token = randomUUID();
  const group = driverGroup({ rows }, context.environment);
  signal.throwIfAborted();
  const isWritten = await database.transaction(async (tx) => {
    await requireLease(tx, lease);
    if (onExecutors && !(await takeTurn(tx))) return false;
    await insertRun(
      tx,
      { id: runId, batchId: batch.id, token, path, runFile, group, onExecutors },
      scripts.map((script) => script.laneId),
    );
    return true;
  });
  if (!isWritten) return ANOTHERS_TURN;
  crashPoint('after-run-written');
  if (await giveToDriver(context, { runId, token, runFile, rows }, signal)) crashPoint('after-create');
  return readRun(database, runId);
}

/** Renders each lane; one that can't be rendered halts its own table, the others go on. */
async function renderScripts(
  context: PipelineContext,
  batch: Batch,
  lanes: readonly Lane[],
  runId: string,
): Promise<LaneScript[]> {
  const { database } = context;
  const { tables: staged } = await readManifest(context.checkpoint, batch.stagingPath ?? '');
  const tables = await readTables(
    database,
    lanes.map((lane) => lane.tableId),
  );
  const scripts: LaneScript[] = [];
  for (const lane of lanes) {
    const table = tables.get(lane.tableId);
    const stagedTable = staged.get(lane.tableId);
    if (table === undefined || stagedTable === undefined) {
      throw new LakeError('STAGING_DAMAGED', `The manifest of batch ${batch.id} lacks table ${lane.tableId}`);
    }
    try {
      const script = await renderRunLane(context, batch, lane, table, stagedTable, runId);
      scripts.push({ laneId: lane.id, tableName: table.tableName, script });
    } catch (thrown) {
      const error = asLakeError(thrown);
      // Damaged staging concerns the whole batch: it is extracted again.
      if (error.retryable || error.code === 'STAGING_DAMAGED') throw error;
      await database.transaction((tx) =>
        haltLane(tx, lane, error.failureClass, `${error.code}: ${error.message}`),
      );
      context.logger.error('table halted', {
        table: table.tableName,
        code: error.code,
        reason: error.message,
      });
    }
  }
  return scripts;
}

async function roundFailed(
  context: PipelineContext,
  batch: Batch,
  lease: Lease,
  thrown: unknown,
): Promise<void> {
  const error = asLakeError(thrown);
  if (error.code === 'LEASE_LOST') return;
  context.logger.warn('batch not merged, to be tried again', {
    topic: batch.topic,
    batchId: batch.id.toString(),
    code: error.code,
    reason: error.message,
    ...(error.code === 'INTERNAL' ? { stack: error.stack } : {}),
  });
  if (error.code === 'STAGING_DAMAGED') {
    await context.database.transaction(async (tx) => {
      await requireLease(tx, lease);
      await extractAgain(tx, batch.id);
    });
  }
  await batchFailed(context.database, batch.id, error.failureClass, `${error.code}: ${error.message}`);
}

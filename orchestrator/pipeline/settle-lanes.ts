import { laneNumbers } from '../commit/lane-numbers.js';
import { MOST_ATTEMPTS, readFailures, type LaneFailure } from '../commit/run-result.js';
import { verifyLane } from '../commit/verify-lane.js';
import { crashPoint } from '../crash-point.js';
import { asLakeError } from '../errors.js';
import type { Batch } from '../ledger/batches.js';
import { haltLane, laneFailed, laneMerged, readLanes, type Lane } from '../ledger/lanes.js';
import { requireLease, type Lease } from '../ledger/leases.js';
import { runLanes, type Run } from '../ledger/runs.js';
import { addSchemaChanges } from '../ledger/schema-changes.js';
import { readTables, tableMerged, type LakeTable } from '../ledger/tables.js';
import { atLimit, limitReached } from '../shape/at-limit.js';
import { readManifest, type StagedTable } from '../stage/staging-manifest.js';
import type { PipelineContext } from './context.js';
import { laneColumns, tableUrl } from './render-run.js';
import { schemaHistory } from './schema-history.js';

/**
 * Looks every open lane up in the Delta log: what it holds is merged, whoever committed it. A lane of the ended `run`
 * that the log does not hold has failed, and the result file says why.
 */
export async function settleLanes(
  context: PipelineContext,
  batch: Batch,
  lease: Lease,
  run?: Run,
): Promise<void> {
  const { database } = context;
  const open = (await readLanes(database, batch.id)).filter(
    (lane) => lane.state === 'submitted' || lane.state === 'failed',
  );
  if (open.length === 0) return;
  const tables = await readTables(
    database,
    open.map((lane) => lane.tableId),
  );
  const { tables: staged } = await readManifest(context.checkpoint, batch.stagingPath ?? '');
  const ended = new Set(run === undefined ? [] : await runLanes(database, run.id));
  const failures =
    run === undefined ? new Map<string, LaneFailure>() : await readFailures(context.checkpoint, run.path);
  for (const lane of open) {
    const table = tables.get(lane.tableId);
    const stagedTable = staged.get(lane.tableId);
    if (table === undefined || stagedTable === undefined) continue;
    if (await isMerged(context, batch, lease, lane, table, stagedTable)) continue;
    if (run === undefined || !ended.has(lane.id)) continue;
    await failed(context, run, lane, table, failures.get(lane.id.toString()));
  }
}

async function isMerged(
  context: PipelineContext,
  batch: Batch,
  lease: Lease,
  lane: Lane,
  table: LakeTable,
  staged: StagedTable,
): Promise<boolean> {
  const { merge } = laneNumbers(batch.sequence, batch.extraction);
  try {
    const facts = await verifyLane(context.lake, table.path, context.appId, merge, lane);
    if (facts === undefined) return false;
    const { target } = await laneColumns(context, batch, lane, table, staged);
    const { maxColumns } = staged.layout;
    const reached = limitReached(table.overflow, target, maxColumns);
    const changes = await schemaHistory(context, batch, table, target, staged.layout, reached);
    const overflow = atLimit(table.overflow, target, maxColumns);
    await context.database.transaction(async (tx) => {
      await requireLease(tx, lease);
      await laneMerged(tx, lane.id, facts);
      const registeredUrl = tableUrl(context.lake, table);
      await tableMerged(tx, table.id, { ...target, overflow, registeredUrl });
      await addSchemaChanges(tx, { tableId: table.id, batchId: batch.id, ...facts }, changes);
    });
    context.logger.info('lane merged', {
      batchId: batch.id.toString(),
      table: `${table.databaseName}.${table.tableName}`,
      version: facts.deltaVersion.toString(),
      inserted: facts.inserted,
      updated: facts.updated,
      deleted: facts.deleted,
      refused: facts.refused,
      seconds: facts.seconds,
    });
    crashPoint('after-lane-merged');
    return true;
  } catch (thrown) {
    const error = asLakeError(thrown);
    if (error.code !== 'STATEMENT_SKIPPED' && error.code !== 'ROWS_MISCOUNTED') throw error;
    await halt(context, lane, table, { failureClass: 'bug', reason: `${error.code}: ${error.message}` });
    return true;
  }
}

async function failed(
  context: PipelineContext,
  run: Run,
  lane: Lane,
  table: LakeTable,
  known: LaneFailure | undefined,
): Promise<void> {
  const failure = known ?? {
    failureClass: 'transient',
    mostAttempts: MOST_ATTEMPTS,
    reason: `run ${run.id} ended (${run.state}) without this lane's commit`,
  };
  // A run that no driver ever claimed says nothing against the lane: Spark had no room, or was down.
  const attempts = lane.attempts + (run.silentSeconds === null ? 0 : 1);
  if (attempts >= failure.mostAttempts) {
    await halt(context, lane, table, failure);
    return;
  }
  context.logger.warn('lane failed, to be tried again', {
    table: table.tableName,
    laneId: lane.id.toString(),
    ...failure,
  });
  await laneFailed(context.database, lane.id, attempts, failure.failureClass, failure.reason);
}

async function halt(
  context: PipelineContext,
  lane: Lane,
  table: LakeTable,
  { failureClass, reason }: Pick<LaneFailure, 'failureClass' | 'reason'>,
): Promise<void> {
  context.logger.error('table halted', {
    table: table.tableName,
    laneId: lane.id.toString(),
    failureClass,
    reason,
  });
  await context.database.transaction((tx) => haltLane(tx, lane, failureClass, reason));
}

import { laneNumbers } from '../commit/lane-numbers.js';
import { readTableState } from '../commit/delta-log.js';
import { domainOf, tableConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { Batch } from '../ledger/batches.js';
import type { Lane } from '../ledger/lanes.js';
import { tableRaised, type LakeTable } from '../ledger/tables.js';
import { rowsOfTable } from '../ledger/totals.js';
import { baseColumns, type BaseColumn } from '../shape/table-columns.js';
import { targetShape, type TargetShape } from '../shape/target-shape.js';
import { renderLane } from '../sql/render-lane.js';
import { isWorthCompiling } from '../sql/worth-compiling.js';
import { requireFiles, tableFolder, type StagedTable } from '../stage/staging-manifest.js';
import type { Storage } from '../storage/storage.js';
import type { PipelineContext } from './context.js';
import { followRewrite, isSeenInColumns } from './follow-rewrite.js';
import { decidePruned } from './prune.js';

/**
 * Renders one lane from what was staged, what the ledger knows of the table and what its Delta log shows now. Given
 * the same lane it always renders the same numbered statements.
 */
export async function renderRunLane(
  context: PipelineContext,
  batch: Batch,
  lane: Lane,
  known: LakeTable,
  staged: StagedTable,
  runId: string,
): Promise<string> {
  const stagingPath = batch.stagingPath ?? '';
  await requireFiles(context.checkpoint, stagingPath, staged);
  const txn = laneNumbers(batch.sequence, batch.extraction);
  const actual = await readTableState(context.lake, known.path, context.appId);
  if (actual !== undefined && actual.txnVersion > txn.merge) {
    throw new LakeError(
      'LEDGER_BEHIND_LAKE',
      `${known.databaseName}.${known.tableName} holds transaction ${actual.txnVersion}, beyond lane ${lane.id}'s ${txn.merge}`,
      { facts: { table: known.path, laneId: lane.id.toString() } },
    );
  }
  const wanted = await laneColumns(context, batch, lane, known, staged);
  const table = await followRewrite(context, batch, known, staged, wanted.target, actual);
  const pruned = await decidePruned(context, batch, lane, table, actual);
  const { base, target } = await laneColumns(context, batch, { ...lane, pruned }, table, staged);
  if (isSeenInColumns(target)) await tableRaised(context.database, table.id, target);
  return renderLane({
    appId: context.appId,
    rewriteTxn: txn.rewrite,
    mergeTxn: txn.merge,
    metadata: { lane: lane.id.toString(), run: runId, batch: batch.id.toString() },
    batchId: batch.id,
    kind: table.kind,
    databaseName: table.databaseName,
    tableName: table.tableName,
    tableUrl: tableUrl(context.lake, table),
    registeredUrl: table.registeredUrl,
    stagingUrl: `${context.checkpoint.url}/${tableFolder(stagingPath, table.id)}`,
    base,
    layout: staged.layout,
    target,
    allNew: lane.allNew,
    isLarge: isWorthCompiling({
      tableRows: await rowsOfTable(context.database, table.id),
      stagedRows: lane.upserts + lane.deletes,
    }),
    actual,
  });
}

export function tableUrl(lake: Storage, table: LakeTable): string {
  return `${lake.url}/${table.path}`;
}

/** A lane's columns before and after it, by the configuration the batch was planned with. */
export interface LaneColumns {
  /** Columns every table of the kind has. */
  readonly base: readonly BaseColumn[];
  readonly target: TargetShape;
}

export async function laneColumns(
  context: PipelineContext,
  batch: Batch,
  lane: Lane,
  table: LakeTable,
  staged: StagedTable,
): Promise<LaneColumns> {
  const config = await context.configOf(batch.configVersionId);
  const base = baseColumns(table.kind, domainOf(config, table.domain)?.location_levels ?? []);
  const names = base.map((column) => column.name);
  const settings = tableConfig(config, table.domain, table.tableName);
  return {
    base,
    target: targetShape(
      table,
      staged.layout,
      names,
      settings.types,
      lane.pruned ?? [],
      settings,
      context.wantedShape(table.tableName),
    ),
  };
}

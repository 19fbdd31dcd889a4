import type { TableState } from '../commit/delta-log.js';
import type { Batch } from '../ledger/batches.js';
import { addSchemaChanges } from '../ledger/schema-changes.js';
import { raisedStands, type LakeTable } from '../ledger/tables.js';
import { presentColumns } from '../shape/target-shape.js';
import { hasColumns, lacksColumns } from '../sql/delta-schema.js';
import type { StagedTable } from '../stage/staging-manifest.js';
import type { PipelineContext } from './context.js';
import { schemaHistory } from './schema-history.js';

/**
 * The table as the Delta log has it: a rewrite of this batch may stand whose MERGE does not, and the batch may have been
 * extracted anew since, in another shape. What the rewrite was to make of the table was written down before it was submitted;
 * where the log shows it done, the ledger goes on from there.
 */
export async function followRewrite(
  context: PipelineContext,
  batch: Batch,
  table: LakeTable,
  staged: StagedTable,
  actual: TableState | undefined,
): Promise<LakeTable> {
  if (table.raised === null || actual === undefined) return table;
  const raised = { ...table, ...table.raised, raised: null };
  const before = presentColumns(table);
  const after = presentColumns(raised);
  if (!hasColumns(actual.fields, after) || !lacksColumns(actual.fields, before, after)) return table;
  const changes = await schemaHistory(context, batch, table, { before, after }, staged.layout);
  await context.database.transaction(async (tx) => {
    await raisedStands(tx, table.id);
    await addSchemaChanges(
      tx,
      { tableId: table.id, batchId: batch.id, deltaVersion: actual.version },
      changes,
    );
  });
  return raised;
}

import type { Batch } from '../ledger/batches.js';
import type { RecordedChange } from '../ledger/schema-changes.js';
import type { LakeTable } from '../ledger/tables.js';
import { readIds } from '../plan/id-manifest.js';
import type { StagedLayout } from '../shape/layout.js';
import { madeChanges } from '../shape/made-changes.js';
import { schemaChanges, type SchemaChange } from '../shape/schema-changes.js';
import type { TargetShape } from '../shape/target-shape.js';
import type { PipelineContext } from './context.js';

/** What the lane changes in its table's columns, and what else is to be told, with the message that named each record behind it. */
export async function schemaHistory(
  context: PipelineContext,
  batch: Batch,
  table: LakeTable,
  target: TargetShape,
  layout: StagedLayout,
  further: readonly SchemaChange[] = [],
): Promise<RecordedChange[]> {
  const changes = [
    ...schemaChanges(target.before, target.after, layout.root),
    ...madeChanges(table, target),
    ...further,
  ];
  if (changes.length === 0) return [];
  const causes = new Set(changes.map(({ recordId }) => recordId));
  const entries = await readIds(context.checkpoint, batch.manifestPath, batch.manifestSha256);
  const messages = new Map(
    entries
      .filter((entry) => entry.domain === table.domain && causes.has(entry.id))
      .map((entry) => [entry.id, entry]),
  );
  return changes.map((change) => {
    const message = messages.get(change.recordId ?? '');
    return { ...change, partition: message?.partition ?? null, offset: message?.offset ?? null };
  });
}

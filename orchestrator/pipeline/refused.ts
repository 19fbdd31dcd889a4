import type { Batch } from '../ledger/batches.js';
import { refusedRows } from '../ledger/lanes.js';
import type { NewPage } from '../ledger/planning.js';
import { writeIds } from '../plan/id-manifest.js';
import { readManifest } from '../stage/staging-manifest.js';
import type { PipelineContext } from './context.js';

/**
 * Rows that the batch's MERGEs refused, because the lake held a newer revision, are read from HQ once more (design
 * section 5): what HQ showed may have been an old copy. A page that does so plans no further one.
 * @returns undefined when nothing was refused, or a lane has not merged yet
 */
export async function pageOfRefused(context: PipelineContext, batch: Batch): Promise<NewPage | undefined> {
  if (batch.kind === 'reread') return undefined;
  const refused = await refusedRows(context.database, batch.id);
  if (refused === 0) return undefined;
  const { older } = await readManifest(context.checkpoint, batch.stagingPath ?? '');
  context.logger.warn('rows refused as older, to be read again', {
    topic: batch.topic,
    batchId: batch.id.toString(),
    rows: refused,
  });
  const page = { topic: batch.topic, kind: 'reread' } as const;
  // Revisions are not known of what was staged before the ledger kept them: then all the batch's ids are read again.
  if (older.length === 0) {
    const { manifestPath, manifestSha256, ids } = batch;
    return { ...page, manifestPath, manifestSha256, ids };
  }
  const entries = older.map(({ domain, id }) => ({ domain, id, partition: null, offset: null }));
  return { ...page, ...(await writeIds(context.checkpoint, entries)) };
}

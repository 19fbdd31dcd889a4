import { batchesToSweep, markSwept } from '../ledger/batches.js';
import { manifestFolder } from '../plan/id-manifest.js';
import type { PipelineContext } from './context.js';

/** Deletes manifests, staging files and scripts of batches that were committed STAGING_KEEP_DAYS ago. */
export async function cleanStaging(context: PipelineContext): Promise<void> {
  for (const batch of await batchesToSweep(context.database, context.environment.STAGING_KEEP_DAYS)) {
    const folders = [manifestFolder(batch.manifest_path), batch.staging_path];
    for (const folder of folders) if (folder !== null) await context.checkpoint.deleteFolder(folder);
    await markSwept(context.database, batch.id);
  }
}

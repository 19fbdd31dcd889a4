import { join } from 'node:path';
import type { FreshLake } from './fresh-lake.js';

/** Folder of the newest batch's staging files, in a checkpoint on disk. */
export async function newestStaging(lake: FreshLake): Promise<string> {
  const { rows } = await lake.ledger.query<{ staging_path: string }>(
    'SELECT staging_path FROM batch ORDER BY id DESC LIMIT 1',
  );
  const base = new URL(lake.env['CHECKPOINT_BASE_DIR'] ?? '').pathname;
  return join(base, rows[0]?.staging_path ?? '');
}

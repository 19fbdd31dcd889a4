import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openHq } from '../../../orchestrator/extract/hq.js';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { openDatabases } from '../../hq-sim/databases.js';
import type { FreshLedger } from '../../integration/ledger/fresh-ledger.js';

/** An HQ without a record, in the ledger's own Postgres: enough to count what a reprocess would read. */
export async function openShownHq(ledger: FreshLedger, folder: string): Promise<HqSource> {
  await ledger.database.query('CREATE DATABASE hq');
  const url = new URL(ledger.databaseUrl);
  url.pathname = '/hq';
  // Makes HQ's tables.
  await (await openDatabases(url.href, [])).close();
  return openHq({
    HQ_DATABASE_URL: url.href,
    HQ_SHARD_DATABASE_URLS: undefined,
    HQ_BLOB_STORE: pathToFileURL(join(folder, 'blobs')).href,
    HQ_USERS: 'none',
    AWS_REGION: 'us-east-1',
  });
}

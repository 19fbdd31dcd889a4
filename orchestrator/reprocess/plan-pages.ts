import { crashPoint } from '../crash-point.js';
import { asLakeError, LakeError } from '../errors.js';
import { requireLease, type Lease } from '../ledger/leases.js';
import { lockTopic, planPage, readTopic } from '../ledger/planning.js';
import {
  endRequest,
  movePart,
  openParts,
  pagesBefore,
  partFailed,
  settleRequests,
  type OpenPart,
} from '../ledger/reprocess.js';
import { manifestFolder, writeIds } from '../plan/id-manifest.js';
import type { Topic } from '../types.js';
import { listPage } from './list-page.js';
import { PAGES_TO_FULL_SIZE, recordsPerPage } from './page-size.js';
import type { ListedEntries, PageParts } from './reprocess-parts.js';

/** One that Spark merges while the next is staged: a live change has these before it, no more. */
const MOST_OPEN_PAGES = 2;

/**
 * Plans the next page of the requests of a topic, one at most: of the request that has waited longest, as long as no live
 * batch waits to be staged and few pages are open. The page and how far its list has come are one transaction, so a
 * process may die at any point; pages read HQ after they are planned, as every batch does.
 * @returns whether a page was planned, or a list has come on: then more may wait
 */
export async function planReprocessPages(
  parts: PageParts,
  topic: Topic,
  lease: Lease,
  signal: AbortSignal,
): Promise<boolean> {
  const { database } = parts;
  await settleRequests(database);
  const [part] = await openParts(database, topic);
  if (part === undefined || (await readTopic(database, topic)).state !== 'running') return false;
  const { waiting, openPages, inARow } = await pagesBefore(database, topic, PAGES_TO_FULL_SIZE);
  if (waiting > 0 || openPages >= MOST_OPEN_PAGES) return false;
  try {
    const most = recordsPerPage(inARow, parts.environment.MAX_RECORDS_TO_PROCESS);
    return await plan(parts, part, await listPage(parts, part, most, signal), lease);
  } catch (thrown) {
    if (signal.aborted) return false;
    return failed(parts, part, thrown);
  }
}

async function plan(
  parts: PageParts,
  part: OpenPart,
  { entries, progress, done }: ListedEntries,
  lease: Lease,
): Promise<boolean> {
  const { database, checkpoint } = parts;
  const { topic, kind, requestId } = part;
  const written = entries.length === 0 ? undefined : await writeIds(checkpoint, entries);
  crashPoint('after-reprocess-listed');
  try {
    const batchId = await database.transaction(async (tx) => {
      await lockTopic(tx, topic, parts.configVersionId);
      await requireLease(tx, lease);
      if (!(await movePart(tx, part, { progress, done, records: entries.length })))
        throw new LakeError('LEASE_LOST', 'Planned by another process, or ended');
      return written === undefined ? undefined : planPage(tx, { topic, kind, requestId, ...written });
    });
    crashPoint('after-reprocess-planned');
    const facts = { topic, requestId: requestId.toString(), listing: part.listing };
    if (batchId !== undefined)
      parts.logger.info('page planned', { ...facts, batchId: batchId.toString(), ids: entries.length });
    return true;
  } catch (thrown) {
    // Only a certain "no" frees the folder: after a lost answer the batch may stand.
    if (written !== undefined && thrown instanceof LakeError && thrown.code !== 'LEDGER_FAILED')
      await checkpoint.deleteFolder(manifestFolder(written.manifestPath));
    throw thrown;
  }
}

/** A failure that will pass (or is a fault of ours) puts the part back for a while; the request's own ends the request. */
async function failed(parts: PageParts, part: OpenPart, thrown: unknown): Promise<boolean> {
  const error = asLakeError(thrown);
  if (error.code === 'LEASE_LOST') return false;
  if (error.code === 'CONFIG_NOT_ACTIVE' || error.code === 'LEDGER_FAILED') throw error;
  const facts = { topic: part.topic, requestId: part.requestId.toString(), code: error.code };
  parts.logger.warn('page not planned', { ...facts, reason: error.message });
  if (error.retryable || error.code === 'INTERNAL')
    await partFailed(parts.database, part, error.code, error.message);
  else await endRequest(parts.database, part.requestId, 'failed', error.code, error.message);
  return true;
}

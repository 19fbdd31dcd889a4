import type { Queryable } from './database.js';
import type { Batch } from './batches.js';
import { requireLease, type Lease } from './leases.js';
import { forgetDeleted } from './places.js';
import { planPage, type NewPage } from './planning.js';
import { noteReprocessed, settleRequests } from './reprocess.js';
import { noteChanges } from './source-changes.js';

/**
 * The commit transaction of a batch: all its lanes are merged, so lanes, record places, the months that have changed and
 * with them the offsets (derived from open batches) move at once, or not at all.
 * @param again page of the batch's refused rows, planned with the commit or not at all
 * @returns false when a lane is not merged yet
 */
export async function commitBatch(
  tx: Queryable,
  lease: Lease,
  batch: Batch,
  again?: NewPage,
): Promise<boolean> {
  await requireLease(tx, lease);
  const [open] = await tx.query<{ count: number }>(
    "SELECT count(*)::int FROM lane WHERE batch_id = $1 AND state NOT IN ('merged', 'committed')",
    [batch.id],
  );
  if (open === undefined || open.count > 0) return false;
  const lanes = await tx.query<{ table_id: bigint }>(
    "UPDATE lane SET state = 'committed' WHERE batch_id = $1 RETURNING table_id",
    [batch.id],
  );
  const isPage = await noteReprocessed(tx, batch.id);
  await noteChanges(tx, batch.id);
  for (const lane of lanes) await forgetDeleted(tx, lane.table_id, batch.sequence);
  await tx.query(
    `UPDATE batch SET state = 'committed', committed_at = now(), failure = NULL, failure_class = NULL
     WHERE id = $1 AND state = 'staged'`,
    [batch.id],
  );
  if (isPage) await settleRequests(tx);
  if (again !== undefined) await planPage(tx, again);
  return true;
}

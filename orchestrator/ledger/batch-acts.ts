import { LakeError } from '../errors.js';
import type { Queryable } from './database.js';

/** What people do to a batch: stop it where it is, and let it go on. Nothing of it is ever skipped. */

/** A run that was taken from its driver. */
export interface VoidedRun {
  readonly id: string;
  readonly submissionId: string | null;
  /** Spark's id of the driver that was at it; null: none was. */
  readonly driver: string | null;
}

const VOIDED = `id, submission_id AS "submissionId",
  CASE WHEN claimed_at IS NOT NULL THEN substring(driver FROM 'driver-[0-9]+-[0-9]+') END AS driver`;

/**
 * Stops a batch: its run is taken from its driver, its open lanes are halted and with them their tables; of a batch that
 * is not staged yet nobody knows the tables, so its topic halts. Lanes that have merged stay merged.
 * @throws LakeError ACT_REFUSED when nothing of it is open
 */
export async function cancelBatch(tx: Queryable, batchId: bigint, text: string): Promise<VoidedRun[]> {
  const [batch] = await tx.query<{ state: string; topic: string }>(
    'SELECT state, topic FROM batch WHERE id = $1 FOR UPDATE',
    [batchId],
  );
  const failure = `CANCELLED: ${text}`;
  if (batch?.state === 'planned') {
    await tx.query(
      "UPDATE batch SET state = 'halted', failure_class = 'config', failure = $2 WHERE id = $1 AND state = 'planned'",
      [batchId, failure],
    );
    await tx.query("UPDATE topic SET state = 'halted', reason = $2 WHERE name = $1", [
      batch.topic,
      `batch ${batchId}: ${failure}`,
    ]);
    return [];
  }
  const lanes =
    batch?.state === 'staged'
      ? await tx.query<{ table_id: bigint }>(
          `UPDATE lane SET state = 'halted', failure_class = 'config', failure = $2
           WHERE batch_id = $1 AND state IN ('staged', 'submitted', 'failed') RETURNING table_id`,
          [batchId, failure],
        )
      : [];
  if (lanes.length === 0)
    throw new LakeError(
      'ACT_REFUSED',
      `Nothing of batch ${batchId} can be cancelled: it is ${stateText(batch?.state)}`,
    );
  await tx.query("UPDATE lake_table SET state = 'halted', reason = $2 WHERE id = ANY($1::bigint[])", [
    lanes.map((lane) => lane.table_id),
    `batch ${batchId}: ${failure}`,
  ]);
  return voidRuns(tx, 'batch_id = $1', batchId, text);
}

function stateText(state: string | undefined): string {
  if (state === 'staged') return 'being committed, or halted already';
  return state ?? 'unknown';
}

/** Takes the runs of an aggregation's computation from their drivers. */
export async function voidAggregationRuns(tx: Queryable, runId: bigint, text: string): Promise<VoidedRun[]> {
  return voidRuns(tx, 'aggregation_run_id = $1', runId, text);
}

/** Takes the run of an OPTIMIZE or VACUUM from its driver. */
export async function voidMaintenanceRun(tx: Queryable, id: bigint, text: string): Promise<VoidedRun[]> {
  return voidRuns(tx, 'maintenance_run_id = $1', id, text);
}

async function voidRuns(tx: Queryable, which: string, id: bigint, text: string): Promise<VoidedRun[]> {
  return tx.query<VoidedRun & Record<string, unknown>>(
    `UPDATE run SET state = 'voided', finished_at = now(), reason = $2
     WHERE ${which} AND state IN ('submitted', 'claimed') RETURNING ${VOIDED}`,
    [id, text],
  );
}

/** Whether a driver is at another run now (a warm one claims any). */
export async function isAtWork(database: Queryable, driver: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM run WHERE state = 'claimed' AND substring(driver FROM 'driver-[0-9]+-[0-9]+') = $1 LIMIT 1`,
    [driver],
  );
  return rows.length > 0;
}

/** Who waited for a batch, set going again. */
export interface RetriedBatch {
  readonly tables: readonly string[];
  readonly topic: boolean;
}

/**
 * Lets a batch go on now: its halted lanes are tried again, their tables and its topic run again where it was this batch
 * that held them up.
 * @throws LakeError ACT_REFUSED when it is done
 */
export async function retryBatch(tx: Queryable, batchId: bigint): Promise<RetriedBatch> {
  const [batch] = await tx.query<{ state: string; topic: string }>(
    'SELECT state, topic FROM batch WHERE id = $1 FOR UPDATE',
    [batchId],
  );
  if (batch === undefined || batch.state === 'committed')
    throw new LakeError('ACT_REFUSED', `Batch ${batchId} is committed: there is nothing to retry`);
  const tables = await tx.query<{ id: bigint; name: string }>(
    `UPDATE lake_table t SET state = 'running', reason = NULL FROM lane l
     WHERE l.batch_id = $1 AND l.state = 'halted' AND t.id = l.table_id
       AND NOT EXISTS (SELECT 1 FROM lane o WHERE o.table_id = t.id AND o.state = 'halted' AND o.batch_id <> $1)
     RETURNING t.id, t.database_name || '.' || t.table_name AS name`,
    [batchId],
  );
  await tx.query("UPDATE lane SET state = 'failed', attempts = 0 WHERE batch_id = $1 AND state = 'halted'", [
    batchId,
  ]);
  await tx.query(
    `UPDATE batch SET state = CASE WHEN state = 'halted' THEN 'planned' ELSE state END, attempts = 0, next_attempt_at = now()
     WHERE id = $1`,
    [batchId],
  );
  const topics = await tx.query(
    // Paused: its batches were too many behind a halted table. The poller pauses it again where they still are.
    `UPDATE topic SET state = 'running', reason = NULL WHERE name = $1
       AND ((state = 'halted' AND starts_with(reason, $2)) OR (state = 'paused' AND $3)) RETURNING 1`,
    [batch.topic, `batch ${batchId}: `, tables.length > 0],
  );
  return { tables: tables.map((table) => table.name).sort(), topic: topics.length > 0 };
}

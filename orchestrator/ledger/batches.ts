import { LakeError, type FailureClass } from '../errors.js';
import type { Queryable } from './database.js';

export interface Batch {
  readonly id: bigint;
  readonly topic: string;
  readonly sequence: bigint;
  /** `live`: offset ranges; the others are pages of ids (migrations/0003_pages.sql and later). */
  readonly kind: 'live' | 'replay' | 'reread' | 'retype' | 'prune' | 'reprocess' | 'migration' | 'fan-out';
  readonly state: 'planned' | 'staged' | 'committed' | 'halted';
  readonly configVersionId: bigint;
  readonly manifestPath: string;
  readonly manifestSha256: string;
  readonly ids: number;
  readonly newestPublishTimestamp: string | null;
  readonly extraction: number;
  readonly stagingPath: string | null;
  readonly attempts: number;
  /** Columns to be dropped from one table, if they are dead then. */
  readonly prune: PruneRequest | null;
}

export interface PruneRequest {
  /** As text: JSON has no bigint. */
  readonly table: string;
  readonly paths: readonly (readonly string[])[];
}

interface BatchRow {
  [column: string]: unknown;
  id: bigint;
  topic: string;
  sequence: bigint;
  kind: Batch['kind'];
  state: Batch['state'];
  config_version_id: bigint;
  manifest_path: string;
  manifest_sha256: string;
  ids: number;
  newest_publish_timestamp: string | null;
  extraction: number;
  staging_path: string | null;
  attempts: number;
  prune: PruneRequest | null;
}

const COLUMNS = `id, topic, sequence, kind, state, config_version_id, manifest_path, manifest_sha256, ids,
  newest_publish_timestamp, extraction, staging_path, attempts, prune`;

export async function readBatch(database: Queryable, id: bigint): Promise<Batch> {
  const [row] = await database.query<BatchRow>(`SELECT ${COLUMNS} FROM batch WHERE id = $1`, [id]);
  if (row === undefined) throw new LakeError('INTERNAL', `Batch ${id} is not in the ledger`);
  return batchOf(row);
}

function batchOf(row: BatchRow): Batch {
  return {
    id: row.id,
    topic: row.topic,
    sequence: row.sequence,
    kind: row.kind,
    state: row.state,
    configVersionId: row.config_version_id,
    manifestPath: row.manifest_path,
    manifestSha256: row.manifest_sha256,
    ids: row.ids,
    newestPublishTimestamp: row.newest_publish_timestamp,
    extraction: row.extraction,
    stagingPath: row.staging_path,
    attempts: row.attempts,
    prune: row.prune,
  };
}

export interface DueWork {
  readonly stage: 'extract' | 'merge';
  readonly batchId: bigint;
}

/**
 * Ledger work that may go on now. Extraction: per topic its first planned batch, because a delete finds its table by
 * what earlier batches staged; none for a halted topic, nothing of what is paused. Merging: staged batches with a lane that waits for nothing
 * (see runnableLanes), or with all lanes merged and only the commit missing.
 */
export async function dueWork(database: Queryable, limit = 100): Promise<DueWork[]> {
  const rows = await database.query<{ stage: 'extract' | 'merge'; id: bigint }>(
    `SELECT stage, id FROM (
       (SELECT DISTINCT ON (b.topic) 'extract' AS stage, b.id, b.next_attempt_at
        FROM batch b JOIN topic t ON t.name = b.topic AND t.state <> 'halted'
        WHERE b.state = 'planned' AND NOT is_held('stage', b.topic, '{}') ORDER BY b.topic, b.sequence)
       UNION ALL
       (SELECT 'merge', b.id, b.next_attempt_at FROM batch b
        WHERE b.state = 'staged' AND (
          EXISTS (SELECT 1 FROM runnable_lane r WHERE r.batch_id = b.id)
          OR NOT EXISTS (SELECT 1 FROM lane l WHERE l.batch_id = b.id AND l.state <> 'merged'))
        ORDER BY b.topic, b.sequence LIMIT $1)) AS work
     WHERE next_attempt_at <= now()`,
    [limit],
  );
  return rows.map((row) => ({ stage: row.stage, batchId: row.id }));
}

/** Draws the next extraction number; the staged files of an earlier one are never used again. */
export async function beginExtraction(tx: Queryable, batchId: bigint): Promise<number> {
  const [row] = await tx.query<{ extraction: number }>(
    `UPDATE batch SET extraction = extraction + 1, extraction_began_at = now(), started_at = coalesce(started_at, now())
     WHERE id = $1 AND state = 'planned' RETURNING extraction`,
    [batchId],
  );
  if (row === undefined)
    throw new LakeError('LEASE_LOST', `Batch ${batchId} was extracted by another process`);
  return row.extraction;
}

/** Puts a failed attempt down and says when the next may start: 1 s, doubling, at most a minute. */
export async function batchFailed(
  database: Queryable,
  batchId: bigint,
  failureClass: FailureClass,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE batch SET attempts = attempts + 1, failure_class = $2, failure = $3,
       next_attempt_at = now() + make_interval(secs => least(60, power(2, least(attempts, 10))))
     WHERE id = $1 AND state <> 'halted'`,
    [batchId, failureClass, failure],
  );
}

/**
 * Sends a staged batch back to be extracted again, because its staging files are not whole. Lanes that have merged
 * stay as they are; the others come anew, with the next extraction's numbers.
 */
export async function extractAgain(tx: Queryable, batchId: bigint): Promise<void> {
  await tx.query(
    `DELETE FROM run_lane WHERE lane_id IN (SELECT id FROM lane WHERE batch_id = $1 AND state NOT IN ('merged', 'committed'))`,
    [batchId],
  );
  await tx.query("DELETE FROM lane WHERE batch_id = $1 AND state NOT IN ('merged', 'committed')", [batchId]);
  await tx.query(
    "UPDATE batch SET state = 'planned', staged_at = NULL, staging_path = NULL WHERE id = $1 AND state = 'staged'",
    [batchId],
  );
}

export async function haltBatch(
  database: Queryable,
  batchId: bigint,
  failureClass: FailureClass,
  reason: string,
): Promise<void> {
  await database.query(
    // A batch that somebody cancelled meanwhile keeps what stands there.
    `UPDATE batch SET state = 'halted', failure_class = $3, failure = $2 WHERE id = $1 AND state <> 'halted'`,
    [batchId, reason, failureClass],
  );
}

/** Staged folders of batches committed longer ago than `days`, for deletion. */
export async function batchesToSweep(
  database: Queryable,
  days: number,
): Promise<{ id: bigint; manifest_path: string; staging_path: string | null; run_paths: string[] }[]> {
  return database.query(
    `SELECT b.id, b.manifest_path, b.staging_path,
            coalesce((SELECT array_agg(r.path) FROM run r WHERE r.batch_id = b.id), '{}') AS run_paths
     FROM batch b WHERE b.state = 'committed' AND b.swept_at IS NULL
       AND b.committed_at < now() - make_interval(secs => $1)
       -- A page that reads a batch's ids once more uses the same manifest.
       AND NOT EXISTS (SELECT 1 FROM batch o WHERE o.manifest_path = b.manifest_path AND o.state <> 'committed')
     LIMIT 50`,
    [days * 86_400],
  );
}

export async function markSwept(database: Queryable, batchId: bigint): Promise<void> {
  await database.query('UPDATE batch SET swept_at = now() WHERE id = $1', [batchId]);
}

/** The manifest of a batch that is not committed. */
export interface OpenManifest {
  readonly batchId: bigint;
  readonly path: string;
  readonly sha256: string;
}

export async function openManifests(database: Queryable, topic: string): Promise<OpenManifest[]> {
  return database.query(
    `SELECT id AS "batchId", manifest_path AS path, manifest_sha256 AS sha256 FROM batch
     WHERE topic = $1 AND state <> 'committed' ORDER BY id`,
    [topic],
  );
}

/** Batches of a topic that are not committed, by state. */
export async function openBatches(database: Queryable, topic: string): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ state: string; count: number }>(
    "SELECT state, count(*)::int AS count FROM batch WHERE topic = $1 AND state <> 'committed' GROUP BY state",
    [topic],
  );
  return new Map(rows.map((row) => [row.state, row.count]));
}

import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** Batches as a person asks for them: what was planned, how far it came, and why not further. */
export const BATCH_STATES = ['planned', 'staged', 'committed', 'halted'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

export interface BatchRange {
  readonly partition: number;
  /** Offsets as text: JSON has no bigint. */
  readonly from: string;
  readonly until: string;
}

/** Times are ISO 8601 in UTC; null is "not yet". */
export interface BatchFacts {
  readonly id: string;
  readonly topic: string;
  readonly sequence: string;
  readonly kind: string;
  readonly state: BatchState;
  readonly ranges: readonly BatchRange[];
  readonly ids: number;
  readonly quarantined: number;
  readonly plannedAt: string;
  readonly stagedAt: string | null;
  /** When the last of its lanes merged; null as long as one has not. */
  readonly mergedAt: string | null;
  readonly committedAt: string | null;
  readonly extraction: number;
  readonly attempts: number;
  /** When it may be tried again; null unless an attempt failed and it waits. */
  readonly nextAttemptAt: string | null;
  readonly failureClass: string | null;
  readonly failure: string | null;
}

/** One table's part in a batch. */
export interface LaneFacts {
  readonly id: string;
  readonly table: string;
  readonly state: string;
  readonly upserts: number;
  readonly deletes: number;
  readonly inserted: number | null;
  readonly updated: number | null;
  readonly deleted: number | null;
  readonly refused: number | null;
  readonly seconds: number | null;
  readonly deltaVersion: string | null;
  readonly mergedAt: string | null;
  readonly runId: string | null;
  readonly attempts: number;
  readonly failureClass: string | null;
  readonly failure: string | null;
}

/** One attempt to merge a batch's lanes. */
export interface RunFacts {
  readonly id: string;
  readonly state: string;
  readonly driver: string | null;
  readonly submissionId: string | null;
  readonly restUrl: string | null;
  /** Scripts and result, relative to CHECKPOINT_BASE_DIR. */
  readonly path: string;
  readonly lanes: number;
  readonly createdAt: string;
  readonly claimedAt: string | null;
  readonly finishedAt: string | null;
  readonly reason: string | null;
}

export interface BatchFilter {
  readonly topic?: string | undefined;
  /** Any of these; absent: every state. */
  readonly states?: readonly BatchState[] | undefined;
  readonly id?: bigint | undefined;
  /** Only batches planned before this one. */
  readonly olderThan?: bigint | undefined;
  readonly limit: number;
}

const BATCH_FACTS = `b.id::text, b.topic, b.sequence::text, b.kind, b.state, b.ids, b.extraction, b.attempts,
  ${iso('b.planned_at')} AS "plannedAt", ${iso('b.staged_at')} AS "stagedAt",
  ${iso('b.committed_at')} AS "committedAt", b.failure_class AS "failureClass", b.failure,
  CASE WHEN b.attempts > 0 AND b.state IN ('planned', 'staged') THEN ${iso('b.next_attempt_at')} END
    AS "nextAttemptAt",
  (SELECT CASE WHEN count(*) FILTER (WHERE l.merged_at IS NULL) = 0 THEN ${iso('max(l.merged_at)')} END
   FROM lane l WHERE l.batch_id = b.id) AS "mergedAt",
  (SELECT count(*)::int FROM quarantine q WHERE q.batch_id = b.id) AS quarantined,
  coalesce((SELECT json_agg(json_build_object('partition', r.partition, 'from', r.from_offset::text,
                                              'until', r.until_offset::text) ORDER BY r.partition)
            FROM batch_range r WHERE r.batch_id = b.id), '[]') AS ranges`;

/** The newest batches first. */
export async function listBatches(database: Queryable, filter: BatchFilter): Promise<BatchFacts[]> {
  return database.query(
    `SELECT ${BATCH_FACTS} FROM batch b
     WHERE ($1::text IS NULL OR b.topic = $1) AND ($2::text[] IS NULL OR b.state = ANY($2))
       AND ($3::bigint IS NULL OR b.id = $3)
       AND ($5::bigint IS NULL OR b.id < $5)
     ORDER BY b.id DESC LIMIT $4`,
    [filter.topic ?? null, filter.states ?? null, filter.id ?? null, filter.limit, filter.olderThan ?? null],
  );
}

/** Lanes of a batch by table. */
export async function laneFacts(database: Queryable, batchId: bigint): Promise<LaneFacts[]> {
  return database.query(
    `SELECT l.id::text, t.database_name || '.' || t.table_name AS "table", l.state, l.upserts, l.deletes,
            l.inserted, l.updated, l.deleted, l.refused, l.seconds, l.delta_version::text AS "deltaVersion",
            ${iso('l.merged_at')} AS "mergedAt", l.run_id AS "runId", l.attempts,
            l.failure_class AS "failureClass", l.failure
     FROM lane l JOIN lake_table t ON t.id = l.table_id WHERE l.batch_id = $1 ORDER BY 2`,
    [batchId],
  );
}

/** Runs of a batch, first to last. */
export async function runFacts(database: Queryable, batchId: bigint): Promise<RunFacts[]> {
  return database.query(
    `SELECT r.id, r.state, r.driver, r.submission_id AS "submissionId", r.rest_url AS "restUrl", r.path,
            (SELECT count(*)::int FROM run_lane l WHERE l.run_id = r.id) AS lanes,
            ${iso('r.created_at')} AS "createdAt", ${iso('r.claimed_at')} AS "claimedAt",
            ${iso('r.finished_at')} AS "finishedAt", r.reason
     FROM run r WHERE r.batch_id = $1 ORDER BY r.created_at`,
    [batchId],
  );
}

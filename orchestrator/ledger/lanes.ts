import type { FailureClass } from '../errors.js';
import type { Queryable } from './database.js';
import { haltTable } from './tables.js';

export type LaneState = 'staged' | 'submitted' | 'merged' | 'committed' | 'failed' | 'halted';

export interface Lane {
  readonly id: bigint;
  readonly batchId: bigint;
  readonly tableId: bigint;
  readonly state: LaneState;
  readonly upserts: number;
  readonly deletes: number;
  /** Only upserts, of records that were never staged for the table before. */
  readonly allNew: boolean;
  readonly attempts: number;
  /** Paths of the columns that the lane drops; null: not decided. */
  readonly pruned: readonly (readonly string[])[] | null;
}

interface LaneRow {
  [column: string]: unknown;
  id: bigint;
  batch_id: bigint;
  table_id: bigint;
  state: LaneState;
  upserts: number;
  deletes: number;
  all_new: boolean;
  attempts: number;
  pruned: Lane['pruned'];
}

export async function readLanes(database: Queryable, batchId: bigint): Promise<Lane[]> {
  const rows = await database.query<LaneRow>(
    'SELECT id, batch_id, table_id, state, upserts, deletes, all_new, attempts, pruned FROM lane WHERE batch_id = $1 ORDER BY id',
    [batchId],
  );
  return rows.map((row) => ({
    id: row.id,
    batchId: row.batch_id,
    tableId: row.table_id,
    state: row.state,
    upserts: row.upserts,
    deletes: row.deletes,
    allNew: row.all_new,
    attempts: row.attempts,
    pruned: row.pruned,
  }));
}

/** Lanes of the batch that may be merged now; the rule stands with the view `runnable_lane` in the migrations. */
export async function runnableLanes(database: Queryable, batchId: bigint): Promise<ReadonlySet<bigint>> {
  const rows = await database.query<{ id: bigint }>('SELECT id FROM runnable_lane WHERE batch_id = $1', [
    batchId,
  ]);
  return new Set(rows.map((row) => row.id));
}

/** Whether any lane of the topic is at work or may still be, beside those that a halted table holds up. */
export async function isMerging(database: Queryable, topic: string): Promise<boolean> {
  const rows = await database.query(
    'SELECT 1 FROM runnable_lane r JOIN batch b ON b.id = r.batch_id WHERE b.topic = $1 LIMIT 1',
    [topic],
  );
  return rows.length > 0;
}

/**
 * Whether changes of the topic that are planned still wait for their turn: a batch of messages that has to be staged, or a
 * lane of one behind another that is at work on its table. What a halted or paused table holds up does not count.
 */
export async function changesWait(database: Queryable, topic: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM batch b
     WHERE b.topic = $1 AND b.state IN ('planned', 'staged') AND EXISTS (SELECT 1 FROM batch_range g WHERE g.batch_id = b.id)
       AND (b.state = 'planned' OR EXISTS (
         SELECT 1 FROM lane l JOIN lane e ON e.table_id = l.table_id AND e.id <> l.id JOIN runnable_lane r ON r.id = e.id
         WHERE l.batch_id = b.id AND l.state = 'staged'))
     LIMIT 1`,
    [topic],
  );
  return rows.length > 0;
}

/** What the Delta log shows of a lane's MERGE. */
export interface MergeFacts {
  readonly deltaVersion: bigint;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Upserts that were older than the row in the lake. */
  readonly refused: number;
  readonly seconds: number;
  readonly runId: string | null;
}

export async function laneMerged(tx: Queryable, laneId: bigint, facts: MergeFacts): Promise<void> {
  await tx.query(
    `UPDATE lane SET state = 'merged', delta_version = $2, inserted = $3, updated = $4, deleted = $5, refused = $6,
       seconds = $7, run_id = $8, merged_at = now(), failure_class = NULL, failure = NULL
     WHERE id = $1 AND state <> 'committed'`,
    [
      laneId,
      facts.deltaVersion,
      facts.inserted,
      facts.updated,
      facts.deleted,
      facts.refused,
      facts.seconds,
      facts.runId,
    ],
  );
}

export async function laneFailed(
  database: Queryable,
  laneId: bigint,
  attempts: number,
  failureClass: FailureClass,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE lane SET state = 'failed', attempts = $2, failure_class = $3, failure = $4
     WHERE id = $1 AND state NOT IN ('merged', 'committed', 'halted')`,
    [laneId, attempts, failureClass, failure],
  );
}

export async function lanePruned(
  database: Queryable,
  laneId: bigint,
  paths: readonly (readonly string[])[],
): Promise<void> {
  await database.query('UPDATE lane SET pruned = $2 WHERE id = $1 AND pruned IS NULL', [
    laneId,
    JSON.stringify(paths),
  ]);
}

/** Rows of the batch that its MERGEs refused as older, once all its lanes have merged; until then 0. */
export async function refusedRows(database: Queryable, batchId: bigint): Promise<number> {
  const [row] = await database.query<{ refused: number }>(
    `SELECT coalesce(sum(refused), 0)::int AS refused FROM lane WHERE batch_id = $1
     HAVING bool_and(state IN ('merged', 'committed'))`,
    [batchId],
  );
  return row?.refused ?? 0;
}

/** Stops the lane and with it its table; other tables go on. */
export async function haltLane(
  tx: Queryable,
  lane: Lane,
  failureClass: FailureClass,
  reason: string,
): Promise<void> {
  await tx.query(
    "UPDATE lane SET state = 'halted', failure_class = $2, failure = $3 WHERE id = $1 AND state <> 'committed'",
    [lane.id, failureClass, reason],
  );
  await haltTable(tx, lane.tableId, reason);
}

import { LakeError } from '../errors.js';
import type { Queryable } from './database.js';

/** One attempt to merge a batch's lanes; `runner_*` functions (0002_runner.sql) are the driver's side of it. */
export interface Run {
  readonly id: string;
  /** Null for a question, which belongs to no batch. */
  readonly batchId: bigint | null;
  readonly token: string;
  readonly state: 'submitted' | 'claimed' | 'done' | 'failed' | 'voided';
  /** Folder of scripts and result, relative to CHECKPOINT_BASE_DIR. */
  readonly path: string;
  readonly restUrl: string | null;
  readonly submissionId: string | null;
  /** Spark's id of the driver that claimed it (a warm one was created for another run); null when not known. */
  readonly claimedBy: string | null;
  /** Seconds by the ledger's clock. */
  readonly ageSeconds: number;
  readonly silentSeconds: number | null;
}

interface RunRow {
  [column: string]: unknown;
  id: string;
  batch_id: bigint | null;
  token: string;
  state: Run['state'];
  path: string;
  rest_url: string | null;
  submission_id: string | null;
  claimed_by: string | null;
  age: number;
  silent: number | null;
}

const COLUMNS = `id, batch_id, token, state, path, rest_url, submission_id,
  substring(driver FROM 'driver-[0-9]+-[0-9]+') AS claimed_by,
  extract(epoch FROM now() - created_at)::float8 AS age, extract(epoch FROM now() - heartbeat_at)::float8 AS silent`;

export interface NewRun {
  readonly id: string;
  readonly batchId: bigint | null;
  readonly token: string;
  readonly path: string;
  readonly runFile: string;
  /** Only drivers of this group take it; left out: only drivers of none. */
  readonly group?: string | undefined;
  /** Its driver gets executors: the transaction has taken the turn (turns.ts). */
  readonly onExecutors?: boolean;
}

/** Intent before action: the run stands in the ledger before Spark hears of it. */
export async function insertRun(tx: Queryable, run: NewRun, laneIds: readonly bigint[]): Promise<void> {
  await tx.query(
    `INSERT INTO run (id, batch_id, token, state, path, run_file, driver_group, on_executors)
     VALUES ($1, $2, $3, 'submitted', $4, $5, $6, $7)`,
    [run.id, run.batchId, run.token, run.path, run.runFile, run.group ?? null, run.onExecutors ?? false],
  );
  await tx.query('INSERT INTO run_lane (run_id, lane_id) SELECT $1, unnest($2::bigint[])', [run.id, laneIds]);
  await tx.query("UPDATE lane SET state = 'submitted', run_id = $1 WHERE id = ANY($2::bigint[])", [
    run.id,
    laneIds,
  ]);
}

export async function runSubmitted(
  database: Queryable,
  runId: string,
  restUrl: string,
  id: string,
): Promise<void> {
  await database.query('UPDATE run SET rest_url = $2, submission_id = $3 WHERE id = $1', [
    runId,
    restUrl,
    id,
  ]);
}

export async function readRun(database: Queryable, runId: string): Promise<Run> {
  const [row] = await database.query<RunRow>(`SELECT ${COLUMNS} FROM run WHERE id = $1`, [runId]);
  if (row === undefined) throw new LakeError('INTERNAL', `Run ${runId} is not in the ledger`);
  return runOf(row);
}

export async function liveRun(database: Queryable, batchId: bigint): Promise<Run | undefined> {
  const [row] = await database.query<RunRow>(
    `SELECT ${COLUMNS} FROM run WHERE batch_id = $1 AND state IN ('submitted', 'claimed')`,
    [batchId],
  );
  return row === undefined ? undefined : runOf(row);
}

/** Runs under way whose id begins so. */
export async function liveRunsOf(database: Queryable, prefix: string): Promise<Run[]> {
  const rows = await database.query<RunRow>(
    `SELECT ${COLUMNS} FROM run WHERE starts_with(id, $1) AND state IN ('submitted', 'claimed')`,
    [prefix],
  );
  return rows.map(runOf);
}

export async function runLanes(database: Queryable, runId: string): Promise<bigint[]> {
  const rows = await database.query<{ lane_id: bigint }>('SELECT lane_id FROM run_lane WHERE run_id = $1', [
    runId,
  ]);
  return rows.map((row) => row.lane_id);
}

export async function countRuns(database: Queryable, batchId: bigint): Promise<number> {
  const [row] = await database.query<{ count: number }>('SELECT count(*)::int FROM run WHERE batch_id = $1', [
    batchId,
  ]);
  return row?.count ?? 0;
}

/**
 * Takes the run away from its driver: it can't be claimed any more, and a driver that holds it is refused at its next
 * statement. @returns false when it had ended (or moved on from `state`) by itself
 */
export async function voidRun(
  database: Queryable,
  runId: string,
  state: 'submitted' | 'claimed',
  reason: string,
): Promise<boolean> {
  const rows = await database.query(
    "UPDATE run SET state = 'voided', finished_at = now(), reason = $3 WHERE id = $1 AND state = $2 RETURNING 1",
    [runId, state, reason],
  );
  return rows.length > 0;
}

/**
 * Spark holds the run's driver back because the cluster is full: idle warm drivers, which ask for that, make room.
 * @returns whether this is news
 */
export async function noteWaitForRoom(database: Queryable, runId: string): Promise<boolean> {
  const rows = await database.query(
    `UPDATE run SET waits_for_room_since = now() WHERE id = $1 AND state = 'submitted' AND waits_for_room_since IS NULL
     RETURNING 1`,
    [runId],
  );
  return rows.length > 0;
}

/**
 * Whether a run of the group may be claimed without a new driver.
 * @returns `idle`: a warm driver looked for work a moment ago; `busy`: each that there is has a run, of which it has told lately
 */
export async function warmDriver(database: Queryable, group?: string): Promise<'idle' | 'busy' | undefined> {
  const [found] = await database.query<{ idle: boolean | null; busy: boolean | null }>(
    `SELECT bool_or(r.id IS NULL AND w.seen_at > now() - interval '2 seconds') AS idle,
       bool_or(r.heartbeat_at > now() - interval '15 seconds') AS busy
     FROM warm_driver w LEFT JOIN run r ON r.driver = w.driver AND r.state = 'claimed'
     WHERE w.driver_group IS NOT DISTINCT FROM $1`,
    [group ?? null],
  );
  if (found?.idle === true) return 'idle';
  return found?.busy === true ? 'busy' : undefined;
}

function runOf(row: RunRow): Run {
  return {
    id: row.id,
    batchId: row.batch_id,
    token: row.token,
    state: row.state,
    path: row.path,
    restUrl: row.rest_url,
    submissionId: row.submission_id,
    claimedBy: row.claimed_by,
    ageSeconds: row.age,
    silentSeconds: row.silent,
  };
}

/** The job that each driver works on now, or worked on last, as `batch-12`, `aggregation-7` or `maintenance-4`. */
export async function jobsOfDrivers(
  database: Queryable,
  submissionIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query<{ id: string; job: string }>(
    `SELECT DISTINCT ON (submission_id) submission_id AS id,
            coalesce('batch-' || batch_id, 'aggregation-' || aggregation_run_id, 'maintenance-' || maintenance_run_id) AS job
     FROM run WHERE submission_id = ANY($1)
       AND (batch_id IS NOT NULL OR aggregation_run_id IS NOT NULL OR maintenance_run_id IS NOT NULL)
     ORDER BY submission_id, (state IN ('submitted', 'claimed')) DESC, created_at DESC`,
    [submissionIds],
  );
  return new Map(rows.map((row) => [row.id, row.job]));
}

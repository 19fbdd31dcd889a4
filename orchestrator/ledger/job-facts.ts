import type { Queryable } from './database.js';

/** What a job's page shows beside its row in the index. Times are ISO 8601 in UTC. */

export interface BatchTimes {
  readonly state: string;
  readonly ids: number;
  readonly extraction: number;
  readonly attempts: number;
  readonly configVersionId: string;
  readonly reprocessRequestId: bigint | null;
  readonly plannedAt: string;
  readonly extractionBeganAt: string | null;
  readonly stagedAt: string | null;
  readonly committedAt: string | null;
}

export async function batchTimes(database: Queryable, batchId: bigint): Promise<BatchTimes | undefined> {
  const [row] = await database.query<BatchTimes & Record<string, unknown>>(
    `SELECT state, ids, extraction, attempts, config_version_id::text AS "configVersionId",
       reprocess_request_id AS "reprocessRequestId", ${iso('planned_at')} AS "plannedAt",
       ${iso('extraction_began_at')} AS "extractionBeganAt", ${iso('staged_at')} AS "stagedAt",
       ${iso('committed_at')} AS "committedAt" FROM batch WHERE id = $1`,
    [batchId],
  );
  return row;
}

/** When a lane's statements ran, worked out from when its commit was seen and how long it took. */
export interface LaneTime {
  readonly table: string;
  readonly runId: string | null;
  readonly state: string;
  readonly from: string | null;
  readonly until: string | null;
  readonly rows: string | null;
}

export async function laneTimes(database: Queryable, batchId: bigint): Promise<LaneTime[]> {
  return database.query(
    `SELECT t.database_name || '.' || t.table_name AS "table", l.run_id AS "runId", l.state,
       ${iso('l.merged_at - make_interval(secs => coalesce(l.seconds, 0))')} AS "from", ${iso('l.merged_at')} AS until,
       (l.inserted + l.updated + l.deleted)::text AS rows
     FROM lane l JOIN lake_table t ON t.id = l.table_id WHERE l.batch_id = $1 ORDER BY 1`,
    [batchId],
  );
}

/** A run on Spark, of whatever job. */
export interface RunRecord {
  readonly id: string;
  readonly state: string;
  /** Spark's id of the driver that claimed it, or was created for it. */
  readonly driver: string | null;
  readonly submissionId: string | null;
  readonly path: string;
  readonly createdAt: string;
  readonly claimedAt: string | null;
  readonly finishedAt: string | null;
  readonly reason: string | null;
}

/** Runs of a batch, of an aggregation's computation or of maintenance, first to last. */
export async function runsOf(
  database: Queryable,
  of:
    | { readonly batchId: bigint }
    | { readonly aggregationRunId: bigint }
    | { readonly maintenanceRunId: bigint },
): Promise<RunRecord[]> {
  const [column, id] =
    'batchId' in of
      ? ['batch_id', of.batchId]
      : 'aggregationRunId' in of
        ? ['aggregation_run_id', of.aggregationRunId]
        : ['maintenance_run_id', of.maintenanceRunId];
  return database.query(
    `SELECT id, state, coalesce(substring(driver FROM 'driver-[0-9]+-[0-9]+'), submission_id) AS driver,
       submission_id AS "submissionId", path, ${iso('created_at')} AS "createdAt", ${iso('claimed_at')} AS "claimedAt",
       ${iso('finished_at')} AS "finishedAt", reason
     FROM run WHERE ${column} = $1 ORDER BY created_at, id`,
    [id],
  );
}

export interface AggregationFacts {
  readonly state: string;
  readonly configVersionId: string;
  readonly requestId: bigint | null;
  readonly deltaVersion: string | null;
  readonly rows: string | null;
}

export async function aggregationFacts(
  database: Queryable,
  runId: bigint,
): Promise<AggregationFacts | undefined> {
  const [row] = await database.query<AggregationFacts & Record<string, unknown>>(
    `SELECT state, config_version_id::text AS "configVersionId", request_id AS "requestId",
       delta_version::text AS "deltaVersion", rows::text AS rows FROM aggregation_run WHERE id = $1`,
    [runId],
  );
  return row;
}

export interface StepTime {
  readonly step: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly attempts: number;
  readonly rows: string | null;
  readonly from: string;
  readonly until: string | null;
}

export async function stepTimes(database: Queryable, runId: bigint): Promise<StepTime[]> {
  return database.query(
    `SELECT step, state, attempts, rows::text AS rows, ${iso('started_at')} AS "from", ${iso('ended_at')} AS until
     FROM aggregation_step WHERE run_id = $1 ORDER BY started_at, step`,
    [runId],
  );
}

/** So many children of a job are shown, the newest. */
const MOST_CHILDREN = 50;

const CHILDREN: Readonly<Record<'request' | 'reprocess' | 'reconcile', string>> = {
  request: `SELECT 'aggregation-' || id AS id FROM aggregation_run WHERE request_id = $1 ORDER BY aggregation_run.id DESC`,
  reprocess: `SELECT 'batch-' || id AS id FROM batch WHERE reprocess_request_id = $1 ORDER BY batch.id DESC`,
  reconcile: `SELECT 'reprocess-' || request_id AS id FROM reconcile_request WHERE run_id = $1 ORDER BY request_id DESC`,
};

/** Computations of a request, pages of a reprocess, requests of a reconcile: ids in the index. */
export async function childrenOf(
  database: Queryable,
  kind: keyof typeof CHILDREN,
  id: bigint,
): Promise<string[]> {
  const rows = await database.query<{ id: string }>(`${CHILDREN[kind]} LIMIT ${MOST_CHILDREN}`, [id]);
  return rows.map((row) => row.id);
}

/** Why a batch waits though nothing of it has failed: halted tables that it needs, and who they wait for. */
export async function heldUpBy(
  database: Queryable,
  batchId: bigint,
): Promise<{ table: string; reason: string | null }[]> {
  return database.query(
    `SELECT t.database_name || '.' || t.table_name AS "table", t.reason FROM lane l JOIN lake_table t ON t.id = l.table_id
     WHERE l.batch_id = $1 AND l.state NOT IN ('merged', 'committed') AND t.state = 'halted' ORDER BY 1 LIMIT 5`,
    [batchId],
  );
}

function iso(expression: string): string {
  return `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What an OPTIMIZE or VACUUM has done, as the parts of a job show it: rows are those that were marked as deleted and are gone. */
export async function maintenanceFacts(
  database: Queryable,
  id: bigint,
): Promise<
  {
    readonly inserted: null;
    readonly updated: null;
    readonly deleted: null;
    readonly refused: null;
    readonly rows: string | null;
    readonly seconds: number | null;
    readonly deltaVersion: string | null;
  }[]
> {
  return database.query(
    `SELECT NULL AS inserted, NULL AS updated, NULL AS deleted, NULL AS refused,
       (deleted_rows_before - deleted_rows_after)::text AS rows,
       extract(epoch FROM ended_at - started_at)::float8 AS seconds, version_after::text AS "deltaVersion"
     FROM maintenance_run WHERE id = $1`,
    [id],
  );
}

import { LakeError, type FailureClass } from '../errors.js';
import type { Queryable } from './database.js';
import { heldLeases } from './leases.js';

/** Steps of an aggregation's run, in their order; `audit` and `load` go side by side. */
export type AggregationStep = 'compute' | 'audit' | 'load' | 'publish';

/** What is computed: a model's table for a domain and month; null for a table without months. */
export interface AggregationTarget {
  readonly domain: string;
  readonly model: string;
  readonly month: string | null;
}

export interface AggregationRun extends AggregationTarget {
  /** Transaction number in the Delta log and fencing token in the warehouse. */
  readonly id: bigint;
  readonly configVersionId: bigint;
  readonly modelSha256: string;
  /** Delta version of each table read, the same for every step; null: it was not there. */
  readonly sources: ReadonlyMap<string, bigint | null>;
  readonly state: 'running' | 'published' | 'failed';
  readonly deltaVersion: bigint | null;
  readonly rows: bigint | null;
}

/** By this lease one process at a time is at a target. */
export function aggregationLease({ domain, model, month }: AggregationTarget): string {
  return `aggregation:${domain}:${model}:${month ?? 'whole'}`;
}

interface RunRow {
  [column: string]: unknown;
  id: bigint;
  domain: string;
  model: string;
  month: string | null;
  config_version_id: bigint;
  model_sha256: string;
  sources: Record<string, string | null>;
  state: AggregationRun['state'];
  delta_version: bigint | null;
  rows: bigint | null;
}

const COLUMNS =
  'id, domain, model, month, config_version_id, model_sha256, sources, state, delta_version, rows';
const OF_TARGET = 'domain = $1 AND model = $2 AND month IS NOT DISTINCT FROM $3::date';

/** The newest run of a target. */
export async function newestRun(
  database: Queryable,
  target: AggregationTarget,
): Promise<AggregationRun | undefined> {
  const [row] = await database.query<RunRow>(
    `SELECT ${COLUMNS} FROM aggregation_run WHERE ${OF_TARGET} ORDER BY id DESC LIMIT 1`,
    [target.domain, target.model, target.month],
  );
  return row === undefined ? undefined : runOf(row);
}

/**
 * The newest run of the target that wrote the lake. When it is not published, what stands there was not found right,
 * or not yet.
 */
export async function newestWritten(
  database: Queryable,
  target: AggregationTarget,
): Promise<AggregationRun | undefined> {
  const [row] = await database.query<RunRow>(
    `SELECT ${COLUMNS} FROM aggregation_run WHERE ${OF_TARGET} AND delta_version IS NOT NULL ORDER BY id DESC LIMIT 1`,
    [target.domain, target.model, target.month],
  );
  return row === undefined ? undefined : runOf(row);
}

/** Intent before action: the run with what it will read stands before Spark hears of it. */
export async function openAggregationRun(
  tx: Queryable,
  run: Pick<AggregationRun, 'domain' | 'model' | 'month' | 'configVersionId' | 'modelSha256' | 'sources'>,
  requestId?: bigint,
): Promise<AggregationRun> {
  const sources = Object.fromEntries(
    [...run.sources].map(([table, version]) => [table, version?.toString() ?? null]),
  );
  const [row] = await tx.query<RunRow>(
    `INSERT INTO aggregation_run (domain, model, month, config_version_id, model_sha256, sources, request_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
    [
      ...[run.domain, run.model, run.month, run.configVersionId, run.modelSha256],
      ...[JSON.stringify(sources), requestId ?? null],
    ],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The aggregation run was not inserted');
  return runOf(row);
}

/** A failed run goes on where it failed, with what it had pinned. */
export async function reopenAggregationRun(tx: Queryable, runId: bigint, requestId?: bigint): Promise<void> {
  await tx.query(
    `UPDATE aggregation_run SET state = 'running', ended_at = NULL, failure_class = NULL, failure = NULL, cancelled_by = NULL,
       cancel_reason = NULL, request_id = coalesce($2, request_id)
     WHERE id = $1 AND state = 'failed'`,
    [runId, requestId ?? null],
  );
}

/**
 * Says that the run is to end; whoever computes it stops and notes it as failed.
 * @returns false when it is not under way
 */
export async function askToCancel(
  tx: Queryable,
  runId: bigint,
  by: string,
  reason: string,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE aggregation_run SET cancelled_by = $2, cancel_reason = $3 WHERE id = $1 AND state = 'running' RETURNING 1`,
    [runId, by, reason],
  );
  return rows.length > 0;
}

/** Who wants the run to end, and why; undefined: nobody. */
export async function cancelOf(database: Queryable, runId: bigint): Promise<string | undefined> {
  const [row] = await database.query<{ text: string }>(
    `SELECT 'cancelled by ' || cancelled_by || coalesce(': ' || cancel_reason, '') AS text
     FROM aggregation_run WHERE id = $1 AND cancelled_by IS NOT NULL`,
    [runId],
  );
  return row?.text;
}

export async function readAggregationRun(
  database: Queryable,
  runId: bigint,
): Promise<AggregationRun | undefined> {
  const [row] = await database.query<RunRow>(`SELECT ${COLUMNS} FROM aggregation_run WHERE id = $1`, [runId]);
  return row === undefined ? undefined : runOf(row);
}

export async function runWritten(
  database: Queryable,
  runId: bigint,
  deltaVersion: bigint,
  rows: bigint,
): Promise<void> {
  await database.query('UPDATE aggregation_run SET delta_version = $2, rows = $3 WHERE id = $1', [
    runId,
    deltaVersion,
    rows,
  ]);
}

export async function runPublished(tx: Queryable, runId: bigint): Promise<void> {
  await tx.query("UPDATE aggregation_run SET state = 'published', ended_at = now() WHERE id = $1", [runId]);
}

export async function runFailed(
  database: Queryable,
  runId: bigint,
  failureClass: FailureClass,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE aggregation_run SET state = 'failed', ended_at = now(), failure_class = $2, failure = $3
     WHERE id = $1 AND state = 'running'`,
    [runId, failureClass, failure],
  );
}

/** @returns how many times the step was begun, this one counted */
export async function stepStarted(
  database: Queryable,
  runId: bigint,
  step: AggregationStep,
): Promise<number> {
  const [row] = await database.query<{ attempts: number }>(
    `INSERT INTO aggregation_step AS known (run_id, step, state) VALUES ($1, $2, 'running')
     ON CONFLICT (run_id, step) DO UPDATE SET state = 'running', attempts = known.attempts + 1, failure = NULL,
       started_at = now(), ended_at = NULL RETURNING attempts`,
    [runId, step],
  );
  return row?.attempts ?? 1;
}

export async function stepDone(
  database: Queryable,
  runId: bigint,
  step: AggregationStep,
  rows: bigint | null,
): Promise<void> {
  await database.query(
    `UPDATE aggregation_step SET state = 'done', rows = $3, ended_at = now(),
       seconds = extract(epoch FROM now() - started_at) WHERE run_id = $1 AND step = $2`,
    [runId, step, rows],
  );
}

export async function stepFailed(
  database: Queryable,
  runId: bigint,
  step: AggregationStep,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE aggregation_step SET state = 'failed', failure = $3, ended_at = now(),
       seconds = extract(epoch FROM now() - started_at) WHERE run_id = $1 AND step = $2 AND state = 'running'`,
    [runId, step, failure],
  );
}

/** A run's steps as they went. */
export interface StepRecord {
  readonly step: AggregationStep;
  readonly state: 'running' | 'done' | 'failed';
  readonly attempts: number;
  readonly rows: bigint | null;
  readonly seconds: number | null;
  readonly failure: string | null;
}

export async function readSteps(database: Queryable, runId: bigint): Promise<StepRecord[]> {
  return database.query<StepRecord & Record<string, unknown>>(
    `SELECT step, state, attempts, rows, seconds, failure FROM aggregation_step WHERE run_id = $1 ORDER BY started_at, step`,
    [runId],
  );
}

/** Runs that a process is at now: their leases are held. Only their staging tables in the warehouse are still wanted. */
export async function liveAggregationRuns(database: Queryable): Promise<ReadonlySet<bigint>> {
  const rows = await database.query<RunRow>(`SELECT ${COLUMNS} FROM aggregation_run WHERE state = 'running'`);
  const held = await heldLeases(database, rows.map(aggregationLease));
  return new Set(rows.filter((row) => held.has(aggregationLease(row))).map((row) => row.id));
}

/** Runs of the target behind its newest `keep`, a few at a time. */
export async function outlivedRuns(
  database: Queryable,
  target: AggregationTarget,
  keep: number,
): Promise<AggregationRun[]> {
  const rows = await database.query<RunRow>(
    `SELECT ${COLUMNS} FROM aggregation_run WHERE ${OF_TARGET} ORDER BY id DESC OFFSET $4 LIMIT 5`,
    [target.domain, target.model, target.month, keep],
  );
  return rows.map(runOf);
}

function runOf(row: RunRow): AggregationRun {
  return {
    id: row.id,
    domain: row.domain,
    model: row.model,
    month: row.month,
    configVersionId: row.config_version_id,
    modelSha256: row.model_sha256,
    sources: new Map(
      Object.entries(row.sources).map(([table, version]) => [
        table,
        version === null ? null : BigInt(version),
      ]),
    ),
    state: row.state,
    deltaVersion: row.delta_version,
    rows: row.rows,
  };
}

/** Aggregations that have written their table in the lake. */
export async function writtenAggregations(
  database: Queryable,
): Promise<{ readonly domain: string; readonly model: string }[]> {
  return database.query(
    'SELECT DISTINCT domain, model FROM aggregation_run WHERE delta_version IS NOT NULL ORDER BY domain, model',
  );
}

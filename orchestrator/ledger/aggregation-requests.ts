import { LakeError, type ErrorCode } from '../errors.js';
import { ERROR_CODES } from '../errors.js';
import type { LedgerDatabase, Queryable } from './database.js';

/** Months of aggregations that somebody asked for (migrations/0011_jobs.sql). */
export interface AskedAggregation {
  readonly domain: string;
  /** `all`, or one aggregation's table. */
  readonly table: string;
  /** `YYYY-MM-01` */
  readonly month: string;
  readonly force: boolean;
}

export interface RequestRow extends AskedAggregation {
  readonly id: bigint;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly attempts: number;
  readonly failure: string | null;
}

const COLUMNS = 'id, domain, table_name AS "table", month::text AS month, force, state, attempts, failure';

/** The lease of whoever works on it. */
export function requestLease(id: bigint): string {
  return `aggregation-request:${id}`;
}

/**
 * Notes a request. What waits already is not asked for twice, and neither is what comes with the key of an earlier one.
 * @throws LakeError KEY_REUSED when the key belongs to a request for something else
 */
export async function insertRequest(
  database: LedgerDatabase,
  asked: AskedAggregation,
  more: { readonly by: string; readonly reason: string | null; readonly idempotencyKey: string | null },
): Promise<{ id: bigint; repeated: boolean }> {
  return database.transaction(async (tx) => {
    // Two that ask for the same at once would both find nothing that waits.
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `aggregation-request ${asked.domain}`,
    ]);
    const same = 'domain = $1 AND table_name = $2 AND month = $3 AND force = $4';
    const what = [asked.domain, asked.table, asked.month, asked.force];
    if (more.idempotencyKey !== null) {
      const [known] = await tx.query<{ id: bigint; same: boolean }>(
        `SELECT id, (${same}) AS same FROM aggregation_request WHERE idempotency_key = $5`,
        [...what, more.idempotencyKey],
      );
      if (known?.same === false)
        throw new LakeError('KEY_REUSED', `The key was used for another request, request-${known.id}`);
      if (known !== undefined) return { id: known.id, repeated: true };
    }
    const [waiting] = await tx.query<{ id: bigint }>(
      `SELECT id FROM aggregation_request WHERE ${same} AND state = 'waiting' ORDER BY id LIMIT 1`,
      what,
    );
    if (waiting !== undefined && more.idempotencyKey === null) return { id: waiting.id, repeated: true };
    const [made] = await tx.query<{ id: bigint }>(
      `INSERT INTO aggregation_request (domain, table_name, month, force, reason, requested_by, idempotency_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
      [...what, more.reason, more.by, more.idempotencyKey],
    );
    if (made === undefined)
      throw new LakeError('KEY_REUSED', 'The key was used for another request at the same moment');
    return { id: made.id, repeated: false };
  });
}

/** Requests that may be worked on now: waiting ones whose time has come, and those of a process that died. */
export async function dueRequests(database: Queryable, limit = 50): Promise<bigint[]> {
  const rows = await database.query<{ id: bigint }>(
    `SELECT q.id FROM aggregation_request q
     WHERE NOT is_held('aggregation', NULL, '{}')
       AND ((q.state = 'waiting' AND q.next_attempt_at <= now() AND NOT EXISTS (
              SELECT 1 FROM job j JOIN pause p ON p.scope = 'table' AND lower(p.name) = lower(j.tables[1])
              WHERE j.id = 'request-' || q.id))
         OR (q.state = 'running' AND NOT EXISTS (
              SELECT 1 FROM lease l WHERE l.name = 'aggregation-request:' || q.id AND l.expires_at >= now())))
     ORDER BY q.id LIMIT $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

export async function readRequestRow(database: Queryable, id: bigint): Promise<RequestRow | undefined> {
  const [row] = await database.query<RequestRow & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM aggregation_request WHERE id = $1`,
    [id],
  );
  return row;
}

/** Intent before the work. @returns undefined when it has ended meanwhile */
export async function requestBegun(tx: Queryable, id: bigint): Promise<RequestRow | undefined> {
  const [row] = await tx.query<RequestRow & Record<string, unknown>>(
    `UPDATE aggregation_request SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, now()),
       failure = NULL, failure_code = NULL, failure_class = NULL
     WHERE id = $1 AND state IN ('waiting', 'running') RETURNING ${COLUMNS}`,
    [id],
  );
  return row;
}

export interface RequestFailure {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Seconds until it is tried again by itself; null: it is not. */
  readonly againInSeconds: number | null;
}

/** Outcome after it; what was cancelled meanwhile stays so. @param failure null: all that was asked for is there */
export async function requestEnded(tx: Queryable, id: bigint, failure: RequestFailure | null): Promise<void> {
  await tx.query(
    `UPDATE aggregation_request SET
       state = CASE WHEN $2::text IS NULL THEN 'done' WHEN $5::float8 IS NULL THEN 'failed' ELSE 'waiting' END,
       failure_code = $2, failure = $3, failure_class = $4,
       next_attempt_at = now() + make_interval(secs => coalesce($5, 0)),
       ended_at = CASE WHEN $2::text IS NULL OR $5::float8 IS NULL THEN now() END
     WHERE id = $1 AND state = 'running'`,
    [
      id,
      failure?.code ?? null,
      failure?.reason ?? null,
      failure === null ? null : ERROR_CODES[failure.code].failureClass,
      failure?.againInSeconds ?? null,
    ],
  );
}

/** The process was to end: another one, or the next, goes on with it, and it is no attempt. */
export async function requestLeft(database: Queryable, id: bigint): Promise<void> {
  await database.query(
    `UPDATE aggregation_request SET state = 'waiting', attempts = greatest(0, attempts - 1), next_attempt_at = now()
     WHERE id = $1 AND state = 'running'`,
    [id],
  );
}

/** @returns false when it is not under way */
export async function cancelRequest(tx: Queryable, id: bigint, text: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE aggregation_request SET state = 'cancelled', failure_code = 'CANCELLED', failure = $2, failure_class = 'config',
       ended_at = now() WHERE id = $1 AND state IN ('waiting', 'running') RETURNING 1`,
    [id, text],
  );
  return rows.length > 0;
}

/** Computations of the request that are under way. */
export async function runsOfRequest(database: Queryable, id: bigint): Promise<bigint[]> {
  const rows = await database.query<{ id: bigint }>(
    "SELECT id FROM aggregation_run WHERE request_id = $1 AND state = 'running' ORDER BY id",
    [id],
  );
  return rows.map((row) => row.id);
}

/**
 * Months of a domain that are asked for or being computed now, by `table month` (`all month` means every table; no month: a table
 * without).
 */
export async function openRequestMonths(
  database: Queryable,
  domain: string,
): Promise<ReadonlyMap<string, 'waiting' | 'running'>> {
  const rows = await database.query<{ key: string; state: 'waiting' | 'running' }>(
    `SELECT table_name || ' ' || coalesce(month::text, '') AS key, state FROM aggregation_request
     WHERE domain = $1 AND state = 'waiting'
     UNION ALL
     SELECT model || ' ' || coalesce(month::text, ''), 'running' FROM aggregation_run WHERE domain = $1 AND state = 'running'`,
    [domain],
  );
  return new Map(rows.map((row) => [row.key, row.state]));
}

import { LakeError, type ErrorCode } from '../errors.js';
import type { JsonObject, RecordKind, Topic } from '../types.js';
import type { Queryable } from './database.js';

/** Requests to read records from HQ again, and how far they are (migrations/0010_reprocess.sql). */
export type RequestKind = 'reprocess' | 'migration';
export type RequestState = 'running' | 'done' | 'failed' | 'cancelled';
export type PartListing =
  'ids' | 'offsets' | 'lake' | 'ghosts' | 'live' | 'modified' | 'received' | 'operations' | 'month';

/** Which records; `reprocessScope` of api/schemas/operate.ts says what each key means. */
export interface RequestScope {
  readonly domain: string;
  readonly table?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly month?: string | undefined;
  readonly offsets?: readonly OffsetsAsked[] | undefined;
  readonly topic?: Topic | undefined;
}

/** From inclusive, until exclusive; as text, for JSON has no bigint. */
export interface OffsetsAsked {
  readonly partition: number;
  readonly from: string;
  readonly until: string;
}

export interface NewRequest {
  readonly kind: RequestKind;
  readonly scope: RequestScope;
  readonly reaggregate: boolean;
  readonly reason: string | null;
  readonly by: string;
  readonly idempotencyKey: string | null;
  readonly parts: readonly { readonly topic: Topic; readonly listing: PartListing }[];
}

/** A way of listing records of a running request, with where it stands. */
export interface OpenPart {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly kind: RequestKind;
  readonly topic: Topic;
  readonly listing: PartListing;
  /** Without `ids`, which are read slice by slice. */
  readonly scope: RequestScope;
  readonly progress: JsonObject;
  /** When it was asked for, ISO UTC: HQ has to show what was there then. */
  readonly askedAt: string;
}

/** @returns the request's id, and whether it stood already under this key. @throws LakeError KEY_REUSED */
export async function insertRequest(
  tx: Queryable,
  request: NewRequest,
): Promise<{ id: bigint; repeated: boolean }> {
  const { kind, scope, reaggregate } = request;
  const [made] = await tx.query<{ id: bigint }>(
    `INSERT INTO reprocess_request (kind, domain, scope, reaggregate, reason, requested_by, idempotency_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
    [
      kind,
      scope.domain,
      JSON.stringify(scope),
      reaggregate,
      request.reason,
      request.by,
      request.idempotencyKey,
    ],
  );
  if (made === undefined) return { id: await sameRequest(tx, request), repeated: true };
  for (const { topic, listing } of request.parts) {
    await tx.query('INSERT INTO topic (name) VALUES ($1) ON CONFLICT DO NOTHING', [topic]);
    await tx.query('INSERT INTO reprocess_part (request_id, topic, listing) VALUES ($1, $2, $3)', [
      made.id,
      topic,
      listing,
    ]);
  }
  return { id: made.id, repeated: false };
}

/** The request that stands under the key; another one than asked for now is a mistake of the caller's. */
async function sameRequest(tx: Queryable, request: NewRequest): Promise<bigint> {
  const [known] = await tx.query<{ id: bigint; same: boolean }>(
    `SELECT id, kind = $2 AND scope = $3::jsonb AND reaggregate = $4 AS same
     FROM reprocess_request WHERE idempotency_key = $1`,
    [request.idempotencyKey, request.kind, JSON.stringify(request.scope), request.reaggregate],
  );
  if (known?.same === true) return known.id;
  throw new LakeError('KEY_REUSED', `The key "${request.idempotencyKey ?? ''}" stands for another request`, {
    facts: { requestId: known?.id.toString() ?? null },
  });
}

/** The migration of a domain that is under way. */
export async function runningMigration(tx: Queryable, domain: string): Promise<bigint | undefined> {
  const [row] = await tx.query<{ id: bigint }>(
    "SELECT id FROM reprocess_request WHERE state = 'running' AND kind = 'migration' AND domain = $1 ORDER BY id LIMIT 1",
    [domain],
  );
  return row?.id;
}

/** Parts whose turn it may be now, the one longest without a page first. */
export async function openParts(database: Queryable, topic: string): Promise<OpenPart[]> {
  return database.query<OpenPart & Record<string, unknown>>(
    `SELECT p.id, r.id AS "requestId", r.kind, p.topic, p.listing, r.scope - 'ids' AS scope, p.progress,
            to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "askedAt"
     FROM reprocess_part p JOIN reprocess_request r ON r.id = p.request_id AND r.state = 'running'
     WHERE p.topic = $1 AND NOT p.done AND p.next_attempt_at <= now()
     ORDER BY (SELECT max(o.planned_at) FROM reprocess_part o WHERE o.request_id = r.id AND o.topic = p.topic) NULLS FIRST,
              p.planned_at NULLS FIRST, p.id LIMIT 20`,
    [topic],
  );
}

/** Whether any record of a topic is still to be listed, now or later. */
export async function hasOpenParts(database: Queryable, topic: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM reprocess_part p JOIN reprocess_request r ON r.id = p.request_id AND r.state = 'running'
     WHERE p.topic = $1 AND NOT p.done LIMIT 1`,
    [topic],
  );
  return rows.length > 0;
}

/**
 * What stands before a page of a topic: batches that nobody has begun to stage, pages that are not committed, and how many pages
 * (`most` at most) were planned since something else was; batches of offsets in which there was nothing for the lake do not count.
 */
export async function pagesBefore(
  database: Queryable,
  topic: string,
  most: number,
): Promise<{ waiting: number; openPages: number; inARow: number }> {
  const [row] = await database.query<{ waiting: number; open_pages: number; in_a_row: number }>(
    `SELECT count(*) FILTER (WHERE reprocess_request_id IS NULL AND state = 'planned' AND extraction = 0)::int AS waiting,
            count(*) FILTER (WHERE reprocess_request_id IS NOT NULL)::int AS open_pages,
            (SELECT count(*) FILTER (WHERE unbroken)::int FROM (
               SELECT bool_and(reprocess_request_id IS NOT NULL) OVER (ORDER BY sequence DESC) AS unbroken FROM (
                 SELECT sequence, reprocess_request_id FROM batch WHERE topic = $1 AND ids > 0 ORDER BY sequence DESC LIMIT $2
               ) AS newest) AS pages) AS in_a_row
     FROM batch WHERE topic = $1 AND state <> 'committed'`,
    [topic, most],
  );
  return { waiting: row?.waiting ?? 0, openPages: row?.open_pages ?? 0, inARow: row?.in_a_row ?? 0 };
}

/**
 * Moves a part on, in the transaction that plans the page. Holds the request's row until the commit, so that a
 * cancellation comes before the page or after it.
 * @returns false when the part was moved by another process, or the request has ended
 */
export async function movePart(
  tx: Queryable,
  part: OpenPart,
  to: { readonly progress: JsonObject; readonly done: boolean; readonly records: number },
): Promise<boolean> {
  const running = await tx.query(
    `UPDATE reprocess_request SET records = records + $2, failure_code = NULL, failure = NULL
     WHERE id = $1 AND state = 'running' RETURNING 1`,
    [part.requestId, to.records],
  );
  if (running.length === 0) return false;
  const moved = await tx.query(
    `UPDATE reprocess_part SET progress = $2, done = $3, records = records + $4, planned_at = clock_timestamp(), attempts = 0,
       next_attempt_at = now()
     WHERE id = $1 AND NOT done AND progress = $5::jsonb RETURNING 1`,
    [part.id, JSON.stringify(to.progress), to.done, to.records, JSON.stringify(part.progress)],
  );
  return moved.length > 0;
}

/** Puts a part back for a while: 1 s, doubling, at most a minute; others go on. The request says why. */
export async function partFailed(
  database: Queryable,
  part: OpenPart,
  code: ErrorCode,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE reprocess_part SET attempts = attempts + 1,
       next_attempt_at = now() + make_interval(secs => least(60, power(2, least(attempts, 10)))) WHERE id = $1`,
    [part.id],
  );
  await database.query(
    "UPDATE reprocess_request SET failure_code = $2, failure = $3 WHERE id = $1 AND state = 'running'",
    [part.requestId, code, failure],
  );
}

/** @returns false when it is not running (any more) */
export async function endRequest(
  database: Queryable,
  id: bigint,
  state: 'failed' | 'cancelled',
  code: ErrorCode | null,
  failure: string,
): Promise<boolean> {
  const rows = await database.query(
    `UPDATE reprocess_request SET state = $2, failure_code = $3, failure = $4, ended_at = now()
     WHERE id = $1 AND state = 'running' RETURNING 1`,
    [id, state, code, failure],
  );
  return rows.length > 0;
}

/** Lets a failed or cancelled request go on where it was. @returns false when it is neither */
export async function restartRequest(tx: Queryable, id: bigint): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE reprocess_request SET state = 'running', failure_code = NULL, failure = NULL, ended_at = NULL
     WHERE id = $1 AND state IN ('failed', 'cancelled') RETURNING 1`,
    [id],
  );
  await tx.query('UPDATE reprocess_part SET next_attempt_at = now(), attempts = 0 WHERE request_id = $1', [
    id,
  ]);
  return rows.length > 0;
}

/**
 * Ends requests that have nothing left to list and no page that is not committed. Pages of two topics may commit at
 * once and each not see the other: so it is looked at by the pollers too, not only with each commit.
 */
export async function settleRequests(database: Queryable): Promise<void> {
  await database.query(
    `UPDATE reprocess_request r SET state = 'done', ended_at = now(), failure_code = NULL, failure = NULL
     WHERE state = 'running'
       AND NOT EXISTS (SELECT 1 FROM reprocess_part p WHERE p.request_id = r.id AND NOT p.done)
       AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.reprocess_request_id = r.id AND b.state <> 'committed')`,
  );
}

/**
 * In the commit transaction of a batch: the months that a page has changed are noted with its request.
 * @returns whether the batch is a page of one
 */
export async function noteReprocessed(tx: Queryable, batchId: bigint): Promise<boolean> {
  const pages = await tx.query<{ id: bigint }>(
    'SELECT reprocess_request_id AS id FROM batch WHERE id = $1 AND reprocess_request_id IS NOT NULL',
    [batchId],
  );
  for (const { id } of pages)
    await tx.query(
      `INSERT INTO reprocess_month (request_id, table_id, month)
       SELECT $1::bigint, table_id, month FROM lane_change WHERE batch_id = $2 ORDER BY table_id, month
       ON CONFLICT DO NOTHING`,
      [id, batchId],
    );
  return pages.length > 0;
}

/** A request as a person asks for it. */
export interface RequestFacts {
  readonly id: bigint;
  readonly kind: RequestKind;
  readonly domain: string;
  readonly state: RequestState;
  readonly records: bigint;
  readonly failureCode: string | null;
  readonly failure: string | null;
  readonly pages: number;
  readonly openPages: number;
  /** Tables that stand still with a page of it. */
  readonly halted: readonly string[];
}

export async function readRequest(database: Queryable, id: bigint): Promise<RequestFacts | undefined> {
  const [row] = await database.query<RequestFacts & Record<string, unknown>>(
    `SELECT r.id, r.kind, r.domain, r.state, r.records, r.failure_code AS "failureCode", r.failure,
            (SELECT count(*)::int FROM batch b WHERE b.reprocess_request_id = r.id) AS pages,
            (SELECT count(*)::int FROM batch b WHERE b.reprocess_request_id = r.id AND b.state <> 'committed') AS "openPages",
            ARRAY(SELECT DISTINCT t.database_name || '.' || t.table_name
                  FROM batch b JOIN lane l ON l.batch_id = b.id AND l.state NOT IN ('merged', 'committed')
                    JOIN lake_table t ON t.id = l.table_id AND t.state = 'halted'
                  WHERE b.reprocess_request_id = r.id AND b.state <> 'committed') AS halted
     FROM reprocess_request r WHERE r.id = $1`,
    [id],
  );
  return row;
}

/** Ended requests whose months are still to be computed again. */
export async function requestsToReaggregate(database: Queryable): Promise<{ id: bigint; domain: string }[]> {
  return database.query(
    `SELECT id, domain FROM reprocess_request
     WHERE reaggregate AND state = 'done' AND reaggregated_at IS NULL ORDER BY id LIMIT 10`,
  );
}

export async function reaggregated(database: Queryable, id: bigint): Promise<void> {
  await database.query('UPDATE reprocess_request SET reaggregated_at = now() WHERE id = $1', [id]);
}

/** Months of lake tables that a request's pages have changed. */
export async function monthsReprocessed(
  database: Queryable,
  id: bigint,
): Promise<{ table: string; month: string | null }[]> {
  return database.query(
    `SELECT t.table_name AS "table", m.month::text AS month FROM reprocess_month m JOIN lake_table t ON t.id = m.table_id
     WHERE m.request_id = $1`,
    [id],
  );
}

/** Those of the topics that do not run, and why. */
export async function standingTopics(
  database: Queryable,
  topics: readonly string[],
): Promise<{ name: string; state: string; reason: string | null }[]> {
  return database.query(
    "SELECT name, state, reason FROM topic WHERE name = ANY($1::text[]) AND state <> 'running' ORDER BY name",
    [topics],
  );
}

/** Records that a batch brought per second of its way, over the last hour; null: none was committed. */
export async function recordsPerSecond(database: Queryable): Promise<number | null> {
  const [row] = await database.query<{ pace: number | null }>(
    `SELECT (sum(ids) / nullif(sum(extract(epoch FROM committed_at - planned_at)), 0))::float8 AS pace
     FROM batch WHERE state = 'committed' AND committed_at > now() - interval '1 hour' AND ids > 0`,
  );
  return row?.pace ?? null;
}

/** The next of the ids that a person has listed, behind the first `done` of them. */
export async function listedIds(
  database: Queryable,
  requestId: bigint,
  done: number,
  limit: number,
): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `SELECT asked.id FROM reprocess_request r CROSS JOIN LATERAL jsonb_array_elements_text(r.scope -> 'ids')
       WITH ORDINALITY AS asked(id, nr) WHERE r.id = $1 AND nr > $2 ORDER BY nr LIMIT $3`,
    [requestId, done, limit],
  );
  return rows.map((row) => row.id);
}

/** A table as a person names it. */
export interface NamedTable {
  readonly id: bigint;
  readonly domain: string;
  readonly kind: RecordKind;
  readonly type: string;
  readonly name: string;
}

/** The tables of a domain. */
export async function tablesOf(database: Queryable, domain: string): Promise<NamedTable[]> {
  return database.query(
    'SELECT id, domain, kind, type, table_name AS name FROM lake_table WHERE domain = $1 ORDER BY table_name',
    [domain],
  );
}

import { LakeError, type ErrorCode } from '../errors.js';
import type { JsonObject, RecordKind } from '../types.js';
import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** Comparisons of HQ with the lake (migrations/0016_reconcile.sql). */
export interface NewReconcile {
  readonly domain: string;
  readonly tables: readonly string[];
  /** ISO dates, until exclusive; null: all. */
  readonly from: string | null;
  readonly until: string | null;
  readonly repair: boolean;
  readonly by: string;
}

/**
 * Begins a run: one that waits, or a new one. Others of the domain that stand as running have lost their process, for the
 * caller holds the domain's lease: those that were asked for wait again.
 * @returns undefined when the waiting one was cancelled, or is done
 */
export async function beginReconcile(
  tx: Queryable,
  run: NewReconcile,
  waiting?: bigint,
): Promise<bigint | undefined> {
  await tx.query(
    `UPDATE reconcile_run SET state = CASE WHEN asked THEN 'waiting' ELSE 'failed' END, started_at = NULL, step = '',
       failure_code = CASE WHEN NOT asked THEN 'LEASE_LOST' END,
       failure = CASE WHEN NOT asked THEN 'its process ended before it was done' END,
       ended_at = CASE WHEN NOT asked THEN now() END
     WHERE domain = $1 AND state = 'running'`,
    [run.domain],
  );
  if (waiting !== undefined) {
    const [taken] = await tx.query<{ id: bigint }>(
      "UPDATE reconcile_run SET state = 'running', started_at = now() WHERE id = $1 AND state = 'waiting' RETURNING id",
      [waiting],
    );
    return taken?.id;
  }
  const [row] = await tx.query<{ id: bigint }>(
    `INSERT INTO reconcile_run (domain, tables, from_day, until_day, repair, requested_by, started_at)
     VALUES ($1, $2, $3, $4, $5, $6, now()) RETURNING id`,
    [run.domain, run.tables, run.from, run.until, run.repair, run.by],
  );
  return row?.id;
}

/** Notes what is asked for. @returns its id, and whether it stood already under this key @throws LakeError KEY_REUSED */
export async function askReconcile(
  database: Queryable,
  run: NewReconcile & { readonly reason: string | null; readonly idempotencyKey: string | null },
): Promise<{ id: bigint; repeated: boolean }> {
  const asked = [run.domain, run.tables, run.from, run.until, run.repair];
  const [made] = await database.query<{ id: bigint }>(
    `INSERT INTO reconcile_run (domain, tables, from_day, until_day, repair, requested_by, reason, idempotency_key, asked, state)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, 'waiting') ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
    [...asked, run.by, run.reason, run.idempotencyKey],
  );
  if (made !== undefined) return { id: made.id, repeated: false };
  const [known] = await database.query<{ id: bigint; same: boolean }>(
    `SELECT id, (domain, tables, from_day, until_day, repair) IS NOT DISTINCT FROM ($1, $2::text[], $3::date, $4::date, $5::boolean) AS same
     FROM reconcile_run WHERE idempotency_key = $6`,
    [...asked, run.idempotencyKey],
  );
  if (known?.same === true) return { id: known.id, repeated: true };
  throw new LakeError('KEY_REUSED', `The key "${run.idempotencyKey ?? ''}" stands for another request`, {
    facts: { reconcileId: known?.id.toString() ?? null },
  });
}

/** A run that was asked for and that nobody does: the oldest of each domain. */
export async function dueReconciles(
  database: Queryable,
): Promise<(NewReconcile & { readonly id: bigint })[]> {
  return database.query(
    `SELECT DISTINCT ON (domain) id, domain, tables, from_day::text AS from, until_day::text AS until, repair,
            requested_by AS by
     FROM reconcile_run r WHERE asked AND state IN ('waiting', 'running')
       AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.name = 'reconcile:' || r.domain AND l.expires_at >= now())
     ORDER BY domain, id`,
  );
}

/** Lets a run wait again that its process can't go on with. */
export async function putBack(database: Queryable, id: bigint): Promise<void> {
  await database.query(
    "UPDATE reconcile_run SET state = 'waiting', started_at = NULL, step = '' WHERE id = $1 AND state = 'running' AND asked",
    [id],
  );
}

/** @returns false when somebody has cancelled it */
export async function noteStep(database: Queryable, id: bigint, step: string): Promise<boolean> {
  const rows = await database.query(
    "UPDATE reconcile_run SET step = $2 WHERE id = $1 AND state = 'running' RETURNING 1",
    [id, step],
  );
  return rows.length > 0;
}

/** @returns false when it has ended already */
export async function endReconcile(
  database: Queryable,
  id: bigint,
  state: 'done' | 'failed' | 'cancelled',
  failure: { readonly code: ErrorCode | null; readonly text: string } | null,
): Promise<boolean> {
  const rows = await database.query(
    `UPDATE reconcile_run SET state = $2, step = '', failure_code = $3, failure = $4, ended_at = now()
     WHERE id = $1 AND state IN ('waiting', 'running') RETURNING 1`,
    [id, state, failure?.code ?? null, failure?.text ?? null],
  );
  return rows.length > 0;
}

/** What was found of a table. */
export interface TableFacts {
  readonly table: string;
  readonly deltaVersion: bigint | null;
  readonly hqRows: number;
  readonly lakeRows: number;
  readonly differingDays: number;
  readonly missing: number;
  readonly stale: number;
  readonly ghost: number;
  readonly repaired: number;
  readonly setAside: number;
  readonly leftOut: number;
  /** Records of which nothing is said, by reason. */
  readonly unjudged: Readonly<Record<string, number>>;
}

/** Findings of a table's day. */
export interface DayFacts {
  readonly table: string;
  /** ISO date. */
  readonly day: string | null;
  readonly fault: 'missing' | 'stale' | 'ghost';
  readonly records: number;
  readonly examples: readonly string[];
}

export interface FindingTotals {
  readonly findingsPath: string | null;
  /** Findings that are not mended. */
  readonly differences: number;
  readonly unjudged: number;
}

/** What was found, in place of what stood there before. */
export async function writeFindings(
  tx: Queryable,
  id: bigint,
  tables: readonly TableFacts[],
  days: readonly DayFacts[],
  { findingsPath, differences, unjudged }: FindingTotals,
): Promise<void> {
  await tx.query(
    'UPDATE reconcile_run SET findings_path = $2, differences = $3, unjudged = $4 WHERE id = $1',
    [id, findingsPath, differences, unjudged],
  );
  await tx.query('DELETE FROM reconcile_table WHERE run_id = $1', [id]);
  await tx.query('DELETE FROM reconcile_day WHERE run_id = $1', [id]);
  for (const each of tables)
    await tx.query(
      `INSERT INTO reconcile_table (run_id, table_name, delta_version, hq_rows, lake_rows, differing_days, missing, stale,
         ghost, repaired, set_aside, left_out, unjudged) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        id,
        each.table,
        each.deltaVersion,
        each.hqRows,
        each.lakeRows,
        each.differingDays,
        each.missing,
        each.stale,
        each.ghost,
        each.repaired,
        each.setAside,
        each.leftOut,
        JSON.stringify(each.unjudged),
      ],
    );
  await tx.query(
    `INSERT INTO reconcile_day (run_id, table_name, day, fault, records, examples)
     SELECT $1, d->>'table', (d->>'day')::date, d->>'fault', (d->>'records')::bigint,
            ARRAY(SELECT jsonb_array_elements_text(d->'examples')) FROM jsonb_array_elements($2::jsonb) AS d`,
    [id, JSON.stringify(days)],
  );
}

/** A run as people see it. Times are ISO 8601 in UTC, days ISO dates. */
export interface ReconcileRow extends Omit<NewReconcile, 'tables'> {
  readonly id: bigint;
  readonly tables: string[];
  readonly reason: string | null;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly step: string;
  readonly failure: string | null;
  readonly findingsPath: string | null;
  readonly differences: bigint | null;
  readonly unjudged: bigint | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

/** The newest first. @param filter `before`: only older ones */
export async function listReconciles(
  database: Queryable,
  filter: {
    readonly id?: bigint;
    readonly domain?: string | undefined;
    readonly before?: bigint | undefined;
  },
  limit: number,
): Promise<ReconcileRow[]> {
  return database.query(
    `SELECT id, domain, tables, from_day::text AS from, until_day::text AS until, repair, requested_by AS by, reason, state,
            step, CASE WHEN failure IS NOT NULL THEN coalesce(failure_code || ': ', '') || failure END AS failure,
            findings_path AS "findingsPath", differences, unjudged, ${iso('created_at')} AS "createdAt",
            ${iso('ended_at')} AS "endedAt"
     FROM reconcile_run WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR domain = $2)
       AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
    [filter.id ?? null, filter.domain ?? null, filter.before ?? null, limit],
  );
}

/** Findings that one look brings by day; the file has all ids. */
const MOST_DAYS = 1_000;

/** What a run has found, by table, and by day. */
export async function findingsOf(
  database: Queryable,
  id: bigint,
): Promise<{ tables: TableFacts[]; days: DayFacts[] }> {
  const tables = await database.query<TableFacts & Record<string, unknown>>(
    `SELECT table_name AS "table", delta_version AS "deltaVersion", hq_rows::float8 AS "hqRows",
            lake_rows::float8 AS "lakeRows", differing_days AS "differingDays", missing::float8 AS missing,
            stale::float8 AS stale, ghost::float8 AS ghost, repaired::float8 AS repaired,
            set_aside::float8 AS "setAside", left_out::float8 AS "leftOut", unjudged
     FROM reconcile_table WHERE run_id = $1 ORDER BY table_name`,
    [id],
  );
  const days = await database.query<DayFacts & Record<string, unknown>>(
    `SELECT table_name AS "table", day::text AS day, fault, records::float8 AS records, examples FROM reconcile_day
     WHERE run_id = $1 ORDER BY table_name, day, fault LIMIT ${MOST_DAYS}`,
    [id],
  );
  return { tables, days };
}

export async function noteRequest(database: Queryable, id: bigint, requestId: bigint): Promise<void> {
  await database.query('INSERT INTO reconcile_request VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    id,
    requestId,
  ]);
}

/** A row of the lake that the ledger may not know of. */
export interface StandingRow {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly id: string;
  readonly tableId: bigint;
  readonly month: string | null;
}

/**
 * Notes that records stand in tables: a page deletes a record from where the ledger says that it may stand. A superset is
 * harmless, as ever.
 */
export async function rememberStanding(database: Queryable, rows: readonly StandingRow[]): Promise<void> {
  await database.query(
    `INSERT INTO record_place AS known (kind, domain, record_id, table_id, months, sequence)
     SELECT kind, domain, id, table_id, ARRAY[month], 0
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::date[]) AS row(kind, domain, id, table_id, month)
     ORDER BY kind, domain, id, table_id
     ON CONFLICT (kind, domain, record_id, table_id) DO UPDATE SET
       months = (SELECT array_agg(DISTINCT month) FROM unnest(known.months || excluded.months) AS month)`,
    [
      rows.map((row) => row.kind),
      rows.map((row) => row.domain),
      rows.map((row) => row.id),
      rows.map((row) => row.tableId),
      rows.map((row) => row.month),
    ],
  );
}

/** Which of the records are set aside. */
export async function setAsideAmong(
  database: Queryable,
  kind: RecordKind,
  domain: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ id: string }>(
    `SELECT DISTINCT record_id AS id FROM quarantine
     WHERE state = 'open' AND kind = $1 AND domain = $2 AND record_id = ANY($3::text[])`,
    [kind, domain, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Records of a type and day that lake.yaml keeps out. */
export interface LeftOut {
  readonly kind: RecordKind;
  readonly type: string;
  readonly day: number;
  readonly rows: number;
  readonly sum: bigint;
}

/** What was found to be kept out by this lake.yaml. */
export async function readLeftOut(database: Queryable, domain: string, config: string): Promise<LeftOut[]> {
  const rows = await database.query<Omit<LeftOut, 'sum'> & { sum: string } & JsonObject>(
    `SELECT kind, type, day, rows, sum::text AS sum FROM reconcile_left_out WHERE domain = $1 AND config_sha256 = $2`,
    [domain, config],
  );
  return rows.map(({ kind, type, day, rows: count, sum }) => ({
    kind,
    type,
    day,
    rows: count,
    sum: BigInt(sum),
  }));
}

/** Replaces what stood there of the days: those that keep nothing out come with no rows. */
export async function writeLeftOut(
  tx: Queryable,
  domain: string,
  config: string,
  days: readonly LeftOut[],
): Promise<void> {
  await tx.query('DELETE FROM reconcile_left_out WHERE domain = $1 AND config_sha256 <> $2', [
    domain,
    config,
  ]);
  const columns = [days.map(({ kind }) => kind), days.map(({ type }) => type), days.map(({ day }) => day)];
  await tx.query(
    `DELETE FROM reconcile_left_out WHERE domain = $1 AND (kind, type, day) IN
       (SELECT * FROM unnest($2::text[], $3::text[], $4::int[]))`,
    [domain, ...columns],
  );
  await tx.query(
    `INSERT INTO reconcile_left_out (domain, config_sha256, kind, type, day, rows, sum)
     SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::int[], $6::int[], $7::numeric[]) AS d(kind, type, day, rows, sum)
     WHERE d.rows > 0`,
    [domain, config, ...columns, days.map(({ rows }) => rows), days.map(({ sum }) => sum.toString())],
  );
}

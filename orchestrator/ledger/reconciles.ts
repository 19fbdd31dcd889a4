import type { ErrorCode } from '../errors.js';
import type { JsonObject, RecordKind } from '../types.js';
import type { Queryable } from './database.js';

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

/** Notes a run. Those of the domain that stand as running have lost their process: the caller holds the domain's lease. */
export async function beginReconcile(tx: Queryable, run: NewReconcile): Promise<bigint> {
  await tx.query(
    `UPDATE reconcile_run SET state = 'failed', failure_code = 'LEASE_LOST', failure = 'its process ended before it was done',
       ended_at = now() WHERE domain = $1 AND state = 'running'`,
    [run.domain],
  );
  const [row] = await tx.query<{ id: bigint }>(
    `INSERT INTO reconcile_run (domain, tables, from_day, until_day, repair, requested_by)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [run.domain, run.tables, run.from, run.until, run.repair, run.by],
  );
  return row?.id ?? 0n;
}

/** @returns false when somebody has cancelled it */
export async function noteStep(database: Queryable, id: bigint, step: string): Promise<boolean> {
  const rows = await database.query(
    "UPDATE reconcile_run SET step = $2 WHERE id = $1 AND state = 'running' RETURNING 1",
    [id, step],
  );
  return rows.length > 0;
}

/** @returns false when it is not running (any more) */
export async function endReconcile(
  database: Queryable,
  id: bigint,
  state: 'done' | 'failed' | 'cancelled',
  failure: { readonly code: ErrorCode | null; readonly text: string } | null,
): Promise<boolean> {
  const rows = await database.query(
    `UPDATE reconcile_run SET state = $2, step = '', failure_code = $3, failure = $4, ended_at = now()
     WHERE id = $1 AND state = 'running' RETURNING 1`,
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

/** What was found, in place of what stood there before. */
export async function writeFindings(
  tx: Queryable,
  id: bigint,
  tables: readonly TableFacts[],
  days: readonly DayFacts[],
  findingsPath: string | null,
): Promise<void> {
  await tx.query('UPDATE reconcile_run SET findings_path = $2 WHERE id = $1', [id, findingsPath]);
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

import type { RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/** Records that stand, or may stand, in some tables of a domain. */
export interface KnownFilter {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly tableIds: readonly bigint[];
  /** Only those that had a row of this month there; null: all. */
  readonly month: string | null;
}

/** Behind which row of record_place a list goes on, and which record it named last: one may stand in two tables. */
export interface KnownProgress {
  readonly id: string;
  readonly table: string;
  readonly named: string | null;
}

export interface KnownPage {
  readonly ids: readonly string[];
  /** Undefined: that was all. */
  readonly progress: KnownProgress | undefined;
}

/** Places that one statement looks through, whatever is wanted of them. */
const PLACES_PER_WINDOW = 20_000;

interface PlaceRow {
  [column: string]: unknown;
  id: string;
  table: string;
}

/** The next of them in the order of record_place's key, up to `most`. */
export async function knownRecords(
  database: Queryable,
  { kind, domain, tableIds, month }: KnownFilter,
  progress: KnownProgress | null,
  most: number,
): Promise<KnownPage> {
  const window = `SELECT record_id, table_id, months FROM record_place
    WHERE kind = $1 AND domain = $2 AND (record_id, table_id) > ($3, $4::bigint) ORDER BY record_id, table_id`;
  const behind = [kind, domain, progress?.id ?? '', progress?.table ?? '0'];
  // One more than is wanted tells that the window has more of them; it is read only so far.
  const hits = await database.query<PlaceRow>(
    `SELECT record_id AS id, table_id::text AS "table" FROM (${window} LIMIT $5) AS w
     WHERE table_id = ANY($6::bigint[]) AND ($7::date IS NULL OR $7::date = ANY(months)) LIMIT $8`,
    [...behind, PLACES_PER_WINDOW, tableIds, month, most + 1],
  );
  const wanted = hits.slice(0, most);
  const ids = [...new Set(wanted.map(({ id }) => id))].filter((id) => id !== progress?.named);
  const named = wanted.at(-1)?.id ?? progress?.named ?? null;
  const [last] =
    hits.length > most
      ? wanted.slice(-1)
      : await database.query<PlaceRow>(
          `SELECT record_id AS id, table_id::text AS "table" FROM (${window}) AS w OFFSET $5 LIMIT 1`,
          [...behind, PLACES_PER_WINDOW - 1],
        );
  return { ids, progress: last === undefined ? undefined : { id: last.id, table: last.table, named } };
}

/** Which of the ids {@link knownRecords} has among them. */
export async function areKnown(
  database: Queryable,
  { kind, domain, tableIds, month }: KnownFilter,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ record_id: string }>(
    `SELECT DISTINCT record_id FROM record_place
     WHERE kind = $1 AND domain = $2 AND record_id = ANY($3::text[]) AND table_id = ANY($4::bigint[])
       AND ($5::date IS NULL OR $5::date = ANY(months))`,
    [kind, domain, ids, tableIds, month],
  );
  return new Set(rows.map((row) => row.record_id));
}

/** Months that records have or had, by table; a null month: a record without one. */
export async function monthsOfRecords(
  database: Queryable,
  filter: Omit<KnownFilter, 'month' | 'tableIds'>,
  ids: readonly string[],
): Promise<
  readonly { readonly table: string; readonly id: string; readonly months: readonly (string | null)[] }[]
> {
  return database.query(
    `SELECT t.table_name AS "table", p.record_id AS id, p.months::text[] AS months
     FROM record_place p JOIN lake_table t ON t.id = p.table_id
     WHERE p.kind = $1 AND p.domain = $2 AND p.record_id = ANY($3::text[])`,
    [filter.kind, filter.domain, ids],
  );
}

/** How many places some tables have, counted up to `most`. */
export async function countKnown(
  database: Queryable,
  { kind, domain, tableIds, month }: KnownFilter,
  most: number,
): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
       SELECT 1 FROM record_place WHERE kind = $1 AND domain = $2 AND table_id = ANY($3::bigint[])
         AND ($4::date IS NULL OR $4::date = ANY(months)) LIMIT $5) AS some`,
    [kind, domain, tableIds, month, most],
  );
  return row?.count ?? 0;
}

/** A month as a span of time: its first moment and that of the next, ISO UTC, by the clocks of a time zone. */
export async function monthSpan(
  database: Queryable,
  month: string,
  timeZone: string,
): Promise<{ readonly from: string; readonly until: string }> {
  const form = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;
  const [row] = await database.query<{ from: string; until: string }>(
    `SELECT to_char(($1::date::timestamp AT TIME ZONE $2) AT TIME ZONE 'UTC', ${form}) AS "from",
            to_char((($1::date + interval '1 month')::timestamp AT TIME ZONE $2) AT TIME ZONE 'UTC', ${form}) AS until`,
    [month, timeZone],
  );
  return row ?? { from: month, until: month };
}

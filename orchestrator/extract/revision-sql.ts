import type { Query } from './hq-database.js';
import { MAX_ANCESTORS } from './limits.js';
import { openWindow, SOURCES, Values, type WindowStart } from './listing-sql.js';
import type { RecordListing } from './request.js';
import type { RecordKind } from '../types.js';

/** Revisions of HQ's live records, in the windows of listing-sql.ts, without their documents. */

/** As FORM_SQL and CASE_SQL take it; of locations the lineage tells. */
const REVISION: Readonly<Record<'form' | 'case', string>> = {
  form: 'coalesce(f.server_modified_on, f.edited_on, f.received_on)',
  case: 'f.server_modified_on',
};

/** Microseconds since 1970. Postgres before 14 gives a float: rounded, it is the very number. */
function micros(moment: string): string {
  return `round((extract(epoch FROM ${moment}) * 1000000)::numeric)::bigint`;
}

/** Days since 1970, UTC. */
function day(moment: string): string {
  return `((${moment} AT TIME ZONE 'UTC')::date - DATE '1970-01-01')`;
}

/** The same number as spark-jobs/reconcile/sums.sql and reconcile/digest.ts work out. */
function digest(id: string, revision: string): string {
  const text = `${id} || '|' || ${micros(revision)}::text`;
  return `('x' || substr(md5(convert_to(${text}, 'UTF8')), 1, 15))::bit(60)::bigint`;
}

export interface SumsRow {
  readonly seen: number;
  readonly last: WindowStart | null;
  readonly sums: readonly (readonly [type: string, day: number, rows: number, sum: string])[];
}

/** Count and sum of digests of a window's wanted rows, by type and day of the revision. */
export function sumsQuery(
  listing: RecordListing & { readonly kind: 'form' | 'case' },
  after: WindowStart | null,
  rows: number,
): Query {
  const { values, w, seenAndLast } = openWindow(listing, after, rows);
  const text = `
    WITH w AS (${w(`${REVISION[listing.kind]} AS rev`)}),
      g AS (SELECT type, ${day('rev')} AS day, count(*)::int AS rows, sum(${digest('record', 'rev')})::text AS sum
            FROM w WHERE hit ${inSpan(listing, values)} GROUP BY 1, 2)
    SELECT ${seenAndLast},
      (SELECT coalesce(json_agg(json_build_array(type, day, rows, sum)), '[]') FROM g) AS sums`;
  return { text, values: values.all };
}

export interface RevisionsRow {
  readonly seen: number;
  readonly last: WindowStart | null;
  /** `micros` as text, for it is a bigint. */
  readonly hits: readonly (readonly [id: string, type: string, micros: string])[];
}

/** The wanted rows of a window themselves. */
export function revisionsQuery(
  listing: RecordListing & { readonly kind: 'form' | 'case' },
  after: WindowStart | null,
  rows: number,
): Query {
  const { values, w, seenAndLast } = openWindow(listing, after, rows);
  const text = `
    WITH w AS (${w(`${REVISION[listing.kind]} AS rev`)})
    SELECT ${seenAndLast},
      (SELECT coalesce(json_agg(json_build_array(record, type, ${micros('rev')}::text)), '[]')
       FROM w WHERE hit ${inSpan(listing, values)}) AS hits`;
  return { text, values: values.all };
}

/** What was received in a span may have been modified later: only revisions of the span count. */
function inSpan({ from, until }: RecordListing, values: Values): string {
  if (from === null) return '';
  return `AND rev >= ${values.add(from, 'timestamptz')} AND rev < ${values.add(until, 'timestamptz')}`;
}

/** Locations behind a number, with the newest change of themselves, of those above them and of their types (LOCATION_SQL). */
export function locationRevisionsQuery(domain: string, after: string | null, rows: number): Query {
  const values = new Values();
  const listed = `SELECT l.id AS key_id, l.location_id AS record FROM locations_sqllocation l
    WHERE l.domain = ${values.add(domain, 'varchar')} AND l.id > ${values.add(after ?? '0', 'bigint')}
    ORDER BY l.id LIMIT ${values.add(rows, 'bigint')}`;
  const text = `
    WITH RECURSIVE w AS (${listed}), ${LINEAGE_OF_W}
    SELECT (SELECT count(*)::int FROM w) AS seen,
      (SELECT json_build_object('at', NULL, 'id', max(key_id)::text) FROM w) AS last,
      (SELECT coalesce(json_agg(json_build_array(record, 'location', ${micros('rev')}::text)), '[]') FROM r) AS hits`;
  return { text, values: values.all };
}

const LINEAGE_OF_W = `u AS (
      SELECT l.id AS leaf, l.id, l.parent_id, 0 AS up, ARRAY[l.id] AS path FROM w JOIN locations_sqllocation l ON l.id = w.key_id
      UNION ALL
      SELECT u.leaf, p.id, p.parent_id, u.up + 1, u.path || p.id
      FROM u JOIN locations_sqllocation p ON p.id = u.parent_id
      WHERE u.up < ${MAX_ANCESTORS} AND NOT p.id = ANY(u.path)),
    r AS (
      SELECT w.record, max(greatest(a.last_modified, t.last_modified)) AS rev
      FROM w JOIN u ON u.leaf = w.key_id JOIN locations_sqllocation a ON a.id = u.id
        JOIN locations_locationtype t ON t.id = a.location_type_id
      GROUP BY w.record HAVING bool_or(u.up = 0))`;

export interface IdRevisionRow {
  readonly id: string;
  readonly type: string;
  /** Microseconds, as text of one length where it orders copies of a split shard. */
  readonly rev: string;
  readonly live: boolean;
}

/** The ids' rows, live in the domain or not: of two copies the newer one decides, whichever it says. */
export function revisionsOfIdsQuery(kind: RecordKind, domain: string, ids: readonly string[]): Query {
  const values = new Values();
  const asked = values.add(ids, 'varchar[]');
  const own = values.add(domain, 'varchar');
  if (kind === 'location') {
    const listed = `SELECT l.id AS key_id, l.location_id AS record FROM locations_sqllocation l
      WHERE l.domain = ${own} AND l.location_id = ANY(${asked})`;
    const text = `WITH RECURSIVE w AS (${listed}), ${LINEAGE_OF_W}
      SELECT record AS id, 'location' AS type, ${micros('rev')}::text AS rev, true AS live FROM r`;
    return { text, values: values.all };
  }
  const source = SOURCES[kind];
  const text = `SELECT ${source.id} AS id, ${source.type} AS type, ${micros(REVISION[kind])}::text AS rev,
      (f.domain = ${own} AND ${source.live}) IS TRUE AS live
    FROM ${source.from} WHERE ${source.id} = ANY(${asked})`;
  return { text, values: values.all };
}

import type { RecordKind } from '../types.js';
import type { Query } from './hq-database.js';
import type { RecordListing } from './request.js';
import { utc } from './sql-text.js';

/**
 * Lists HQ's live records. A page is always a window of one table's rows, whosever they are, taken by a key that an index
 * brings in order, and what is wanted of it is picked afterwards: so no statement reads more than a window, however few of
 * an HQ's millions of rows are a domain's. The key of a window in time is (time, id): any number of rows may share a time.
 */
export interface Source {
  /** `f` is the record's row. */
  readonly from: string;
  /** Its order is that of the windows. */
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly live: string;
  /** When HQ received or opened it. */
  readonly at: string;
}

const FORM: Source = {
  from: 'form_processor_xforminstancesql f',
  key: 'f.id',
  id: 'f.form_id',
  type: "coalesce(f.xmlns, '')",
  live: 'f.state = 1 AND f.deleted_on IS NULL',
  at: 'f.received_on',
};
export const SOURCES: Readonly<Record<RecordKind, Source>> = {
  form: FORM,
  case: {
    from: 'form_processor_commcarecasesql f',
    key: 'f.id',
    id: 'f.case_id',
    type: 'f.type',
    live: 'NOT f.deleted AND f.deleted_on IS NULL',
    at: 'f.opened_on',
  },
  location: {
    from: 'locations_sqllocation f JOIN locations_locationtype t ON t.id = f.location_type_id',
    key: 'f.id',
    id: 'f.location_id',
    type: "'location'",
    live: 'true',
    at: 'f.created_at',
  },
};
/** Archived and brought back: HQ need not change the form's own times then. */
const OPERATIONS: Source = {
  ...FORM,
  from: 'form_processor_xformoperationsql k LEFT JOIN form_processor_xforminstancesql f ON f.form_id = k.form_id',
  key: 'k.id',
};

/** Values of a statement, each given its number where it is first used. */
export class Values {
  readonly all: unknown[] = [];
  add(value: unknown, type: string): string {
    this.all.push(value);
    return `$${this.all.length}::${type}`;
  }
}

/** Where a window begins: behind this row. */
export interface WindowStart {
  /** ISO UTC with microseconds; null when the id alone is the key. */
  readonly at: string | null;
  readonly id: string;
}

/** A window: how many rows it had, the last of them, and the wanted ones. */
export interface WindowRow {
  readonly seen: number;
  readonly last: WindowStart | null;
  readonly hits: readonly (readonly [id: string, type: string, at: string | null, key: WindowStart])[];
}

/** @param most wanted rows that are brought; one more tells that the window has more of them */
export function windowQuery(
  listing: RecordListing,
  after: WindowStart | null,
  rows: number,
  most: number,
): Query {
  const { source, values, w, seenAndLast, key } = openWindow(listing, after, rows);
  const text = `
    WITH w AS (${w(`${source.at} AS at`)})
    SELECT ${seenAndLast},
      coalesce(json_agg(json_build_array(record, type, ${utc('at')}, ${key}) ORDER BY key_time, key_id), '[]') AS hits
    FROM (SELECT * FROM w WHERE hit ORDER BY key_time, key_id LIMIT ${values.add(most + 1, 'bigint')}) wanted`;
  return { text, values: values.all };
}

/** A window as a common table expression `w`: key_id, key_time, record, type, hit and what else is asked for. */
interface Window {
  readonly source: Source;
  readonly values: Values;
  readonly w: (columns: string) => string;
  /** Two columns of the answer: how many rows it had, and the last of them. */
  readonly seenAndLast: string;
  /** The key of a row of it, as JSON. */
  readonly key: string;
}

export function openWindow(listing: RecordListing, after: WindowStart | null, rows: number): Window {
  const source = sourceOf(listing);
  const time = timeKey(listing);
  const values = new Values();
  const wanted = predicate(listing, source, values);
  const behind: string[] = [];
  if (time !== null) {
    behind.push(`${time} >= ${values.add(listing.from, 'timestamptz')}`);
    behind.push(`${time} < ${values.add(listing.until, 'timestamptz')}`);
    if (after !== null) {
      behind.push(`${time} >= ${values.add(after.at, 'timestamptz')}`);
      behind.push(
        `(${time}, ${source.key}) > (${values.add(after.at, 'timestamptz')}, ${values.add(after.id, 'bigint')})`,
      );
    }
  } else if (after !== null) {
    behind.push(`${source.key} > ${values.add(after.id, 'bigint')}`);
  }
  const key = `json_build_object('at', ${time === null ? 'NULL' : utc('key_time')}, 'id', key_id::text)`;
  const limit = values.add(rows, 'bigint');
  return {
    source,
    values,
    key,
    w: (columns) => `
      SELECT ${source.key} AS key_id, ${time ?? 'NULL::timestamptz'} AS key_time, ${source.id} AS record, ${source.type} AS type,
        ${columns}, (${wanted}) IS TRUE AS hit
      FROM ${source.from} ${behind.length === 0 ? '' : `WHERE ${behind.join(' AND ')}`}
      ORDER BY ${time === null ? '' : `${time}, `}${source.key} LIMIT ${limit}`,
    seenAndLast: `(SELECT count(*)::int FROM w) AS seen,
      (SELECT ${key} FROM (SELECT key_time, key_id FROM w ORDER BY key_time DESC, key_id DESC LIMIT 1) final) AS last`,
  };
}

/** Some of them in no order, by whatever index serves best: to count them. */
export function someQuery(listing: RecordListing, most: number): Query {
  const source = sourceOf(listing);
  const values = new Values();
  const where = predicate(listing, source, values);
  const text = `SELECT ${source.id} AS id, ${source.type} AS type, ${utc(source.at)} AS at
    FROM ${source.from} WHERE ${where} LIMIT ${values.add(most, 'bigint')}`;
  return { text, values: values.all };
}

/** How many the database's planner expects. */
export function estimateQuery(listing: RecordListing): Query {
  const { text, values } = someQuery(listing, Number.MAX_SAFE_INTEGER);
  return { text: `EXPLAIN (FORMAT JSON) ${text}`, values };
}

/** Those of the ids that are live records of the domain and types. */
export function presentQuery(
  listing: Pick<RecordListing, 'kind' | 'domain' | 'types'>,
  ids: readonly string[],
): Query {
  const source = SOURCES[listing.kind];
  const values = new Values();
  const asked = `${source.id} = ANY(${values.add(ids, 'varchar[]')})`;
  const text = `SELECT ${source.id} AS id, ${source.type} AS type, ${utc(source.at)} AS at FROM ${source.from}
    WHERE ${asked} AND ${predicate({ ...listing, by: 'live', from: null, until: null }, source, values)}`;
  return { text, values: values.all };
}

function sourceOf({ kind, by }: RecordListing): Source {
  return by === 'operations' ? OPERATIONS : SOURCES[kind];
}

/** The column of time whose index brings the rows; null: the table's own key does. */
function timeKey({ kind, by }: RecordListing): string | null {
  if (kind === 'location') return null;
  if (by === 'modified') return 'f.server_modified_on';
  return kind === 'form' && (by === 'received' || by === 'month') ? 'f.received_on' : null;
}

function predicate(listing: RecordListing, source: Source, values: Values): string {
  const { domain, types } = listing;
  const parts = [`f.domain = ${values.add(domain, 'varchar')}`, source.live];
  if (types !== null && listing.kind !== 'location') {
    const list = values.add(types, 'varchar[]');
    const own = listing.kind === 'form' ? 'f.xmlns' : 'f.type';
    // The plain column, for its index; a form without an xmlns counts as one whose xmlns is empty.
    parts.push(
      types.includes('') && own === 'f.xmlns'
        ? `(${own} = ANY(${list}) OR ${own} IS NULL)`
        : `${own} = ANY(${list})`,
    );
  }
  const inTime = (column: string): string =>
    `(${column} >= ${values.add(listing.from, 'timestamptz')} AND ${column} < ${values.add(listing.until, 'timestamptz')})`;
  switch (listing.by) {
    case 'live':
      break;
    case 'modified':
      parts.push(
        listing.kind === 'location'
          ? `(${['f.last_modified', 'f.created_at', 'f.archived_on', 't.last_modified'].map(inTime).join(' OR ')})`
          : inTime('f.server_modified_on'),
      );
      break;
    case 'received':
      // Those that were modified then as well are listed as such.
      parts.push(inTime('f.received_on'), `${inTime('f.server_modified_on')} IS NOT TRUE`);
      break;
    case 'operations':
      parts.push(
        inTime('k.date'),
        `${inTime('f.received_on')} IS NOT TRUE`,
        `${inTime('f.server_modified_on')} IS NOT TRUE`,
        `NOT EXISTS (SELECT 1 FROM form_processor_xformoperationsql later
           WHERE later.form_id = k.form_id AND later.id > k.id AND ${inTime('later.date')})`,
      );
      break;
    case 'month':
      parts.push(inTime(source.at));
      break;
  }
  return parts.join(' AND ');
}

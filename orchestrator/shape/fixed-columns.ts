import { shortHash } from '../short-hash.js';
import type { RecordKind } from '../types.js';
import { foldCase } from './fold-case.js';

/** Spark SQL types HQ's own fields have in the lake; the free part of a record is STRING unless declared. */
export type FixedType = 'STRING' | 'TIMESTAMP' | 'BOOLEAN' | 'INT' | 'DOUBLE';

export interface FixedColumn {
  readonly name: string;
  readonly type: FixedType;
}

/** What a table says about one location level: column suffix → type. Records carry only `_id`. */
const LEVEL_SUFFIXES = {
  _id: 'STRING',
  _name: 'STRING',
  _site_code: 'STRING',
  _latitude: 'DOUBLE',
  _longitude: 'DOUBLE',
  _is_archived: 'BOOLEAN',
} as const satisfies Record<string, FixedType>;
export type LevelSuffix = keyof typeof LEVEL_SUFFIXES;

/**
 * HQ's own fields per kind, in column order: the keys of `Upsert.fields`. Beside them each table has `_id STRING`,
 * `_rev TIMESTAMP`, `_batch`, for forms and cases `month DATE`, and for cases
 * `indices ARRAY<STRUCT<identifier, referenced_id, referenced_type, relationship: STRING>>`.
 */
export const FIXED_COLUMNS: Readonly<Record<RecordKind, readonly FixedColumn[]>> = {
  form: columns({
    doc_type: 'STRING',
    domain: 'STRING',
    app_id: 'STRING',
    build_id: 'STRING',
    xmlns: 'STRING',
    user_id: 'STRING',
    orig_id: 'STRING',
    deprecated_form_id: 'STRING',
    server_modified_on: 'TIMESTAMP',
    received_on: 'TIMESTAMP',
    edited_on: 'TIMESTAMP',
    partial_submission: 'BOOLEAN',
    submit_ip: 'STRING',
    last_sync_token: 'STRING',
    problem: 'STRING',
    date_header: 'TIMESTAMP',
    state: 'INT',
    initial_processing_complete: 'BOOLEAN',
    // Objects of HQ's own making whose keys vary: kept as JSON text.
    auth_context: 'STRING',
    openrosa_headers: 'STRING',
  }),
  case: columns({
    doc_type: 'STRING',
    domain: 'STRING',
    type: 'STRING',
    name: 'STRING',
    owner_id: 'STRING',
    user_id: 'STRING',
    modified_by: 'STRING',
    opened_on: 'TIMESTAMP',
    opened_by: 'STRING',
    modified_on: 'TIMESTAMP',
    server_modified_on: 'TIMESTAMP',
    closed: 'BOOLEAN',
    closed_on: 'TIMESTAMP',
    closed_by: 'STRING',
    external_id: 'STRING',
    // HQ's own location_id column; it is set for supply points only. `location_id` is the record's place.
    supply_point_location_id: 'STRING',
  }),
  location: columns({
    domain: 'STRING',
    name: 'STRING',
    site_code: 'STRING',
    location_type: 'STRING',
    location_type_code: 'STRING',
    location_level: 'INT',
    external_id: 'STRING',
    is_archived: 'BOOLEAN',
    archived_on: 'TIMESTAMP',
    last_modified: 'TIMESTAMP',
    created_at: 'TIMESTAMP',
    latitude: 'DOUBLE',
    longitude: 'DOUBLE',
    parent_location_id: 'STRING',
  }),
};

/** The fixed columns of a kind with those of the domain's location levels, in order; names differ ignoring case. */
export function fixedColumns(kind: RecordKind, levels: readonly string[]): readonly FixedColumn[] {
  const ofLevels = [...levelColumns(kind, levels).values()].flatMap((level) => [...level.values()]);
  if (kind === 'location') return [...FIXED_COLUMNS.location, ...ofLevels];
  return [...FIXED_COLUMNS[kind], { name: 'location_id', type: 'STRING' }, ...ofLevels];
}

/**
 * The column of each level and suffix. A level called `owner` would clash with the field `owner_id`: as everywhere
 * (design section 6) the later of two columns equal ignoring case gets `__` and 8 hex of its name's sha256.
 */
export function levelColumns(
  kind: RecordKind,
  levels: readonly string[],
): ReadonlyMap<string, ReadonlyMap<LevelSuffix, FixedColumn>> {
  const taken = new Set([
    '_id',
    '_rev',
    '_batch',
    'month',
    'indices',
    ...FIXED_COLUMNS[kind].map(({ name }) => name),
  ]);
  if (kind !== 'location') taken.add('location_id');
  const byLevel = new Map<string, ReadonlyMap<LevelSuffix, FixedColumn>>();
  for (const level of new Set(levels)) {
    const own = new Map<LevelSuffix, FixedColumn>();
    for (const suffix of suffixesOf(kind)) {
      const wanted = `${level}${suffix}`;
      const name = taken.has(foldCase(wanted)) ? `${wanted}__${shortHash(wanted)}` : wanted;
      taken.add(foldCase(name));
      own.set(suffix, { name, type: LEVEL_SUFFIXES[suffix] });
    }
    byLevel.set(level, own);
  }
  return byLevel;
}

function suffixesOf(kind: RecordKind): readonly LevelSuffix[] {
  if (kind !== 'location') return ['_id'];
  return ['_id', '_name', '_site_code', '_latitude', '_longitude', '_is_archived'];
}

function columns(types: Readonly<Record<string, FixedType>>): readonly FixedColumn[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

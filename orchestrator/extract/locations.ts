import { LakeError } from '../errors.js';
import { levelColumns, type LevelSuffix } from '../shape/fixed-columns.js';
import type { Extracted, FieldValue, Upsert } from '../types.js';
import type { Hq } from './stores.js';
import { chunked, inOrder } from './in-order.js';
import { jsonTree } from './json-tree.js';
import { CHUNKS_AT_ONCE, DELETION_WAIT_SECONDS, IDS_PER_QUERY } from './limits.js';
import { DESCENDANTS_SQL, LINEAGE_CTE } from './lineage.js';
import type { ExtractRequest } from './request.js';
import { provableTime } from './shards.js';
import { utc } from './sql-text.js';

const LOCATION_TYPE = 'location';

/** One location of a lineage: the leaf itself (up 0) with all its columns, or an ancestor. */
interface LineageRow {
  readonly leaf: string;
  readonly up: number;
  readonly location_id: string;
  readonly name: string | null;
  readonly site_code: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly is_archived: boolean;
  readonly type: string;
  readonly code: string | null;
  readonly changed: string;
  readonly own: Readonly<Record<string, string | null>> | null;
}

/** $1 domain, $2 location ids. `own` is null for ancestors: only the location itself brings its further columns. */
const LOCATION_SQL = `${LINEAGE_CTE}
  SELECT l.location_id AS leaf, u.up, a.location_id, a.name, a.site_code, a.is_archived,
    a.latitude::float8 AS latitude, a.longitude::float8 AS longitude, t.name AS type, t.code,
    ${utc('greatest(a.last_modified, t.last_modified)')} AS changed,
    CASE WHEN u.up = 0 THEN json_build_object(
      'external_id', a.external_id, 'metadata', a.metadata::text,
      'archived_on', ${utc('a.archived_on')}, 'last_modified', ${utc('a.last_modified')},
      'created_at', ${utc('a.created_at')}, 'parent', p.location_id) END AS own
  FROM u JOIN locations_sqllocation l ON l.id = u.leaf
    JOIN locations_sqllocation a ON a.id = u.id
    JOIN locations_locationtype t ON t.id = a.location_type_id
    LEFT JOIN locations_sqllocation p ON p.id = a.parent_id
  ORDER BY u.leaf, u.up`;

type Columns = ReturnType<typeof levelColumns>;

/**
 * Locations by id, with all their descendants: HQ announces a moved or renamed location alone, though every row below
 * carries its name.
 */
export async function* extractLocations(
  hq: Hq,
  request: ExtractRequest,
  ids: readonly string[],
): AsyncGenerator<Extracted> {
  if (!request.isListed(LOCATION_TYPE)) {
    for (const id of ids) yield deletion(request, id);
    return;
  }
  const columns = levelColumns('location', request.domainConfig.location_levels);
  const done = new Set<string>();
  for (const chunk of chunked(ids, IDS_PER_QUERY)) {
    const wide = chunk.filter((id) => request.alone?.has(id) !== true);
    const expanded = wide.length === 0 ? [] : await expand(hq, request, wide);
    requireGone(request, chunk, new Set(expanded));
    // A sub-tree asked for twice (a parent and its child changed together) is read once.
    const open = [...new Set([...chunk, ...expanded])].filter((id) => !done.has(id));
    for (const id of open) done.add(id);
    const read = (part: readonly string[]): Promise<readonly Extracted[]> =>
      readLocations(hq, request, part, columns);
    for await (const records of inOrder(chunked(open, IDS_PER_QUERY), CHUNKS_AT_ONCE, read)) yield* records;
  }
}

/** @throws LakeError HQ_STANDBY_BEHIND when HQ still shows what it has just said to be deleting */
function requireGone(request: ExtractRequest, asked: readonly string[], there: ReadonlySet<string>): void {
  const { announcedGone, newestPublishTimestamp } = request;
  const newest = provableTime(newestPublishTimestamp);
  if (announcedGone === undefined || newest === null) return;
  if (Date.now() - Date.parse(newest) > DELETION_WAIT_SECONDS * 1000) return;
  const locations = asked.filter((id) => announcedGone.has(id) && there.has(id)).length;
  if (locations === 0) return;
  throw new LakeError('HQ_STANDBY_BEHIND', 'HQ has announced the deletion of locations that it still shows', {
    facts: { locations, newestPublishTimestamp: newest },
  });
}

async function expand(hq: Hq, request: ExtractRequest, ids: readonly string[]): Promise<readonly string[]> {
  const query = { text: DESCENDANTS_SQL, values: [request.domain, ids] };
  const newest = provableTime(request.newestPublishTimestamp);
  const [found] = await hq.main.readSettled<{ ids: string[] }>(query, newest, request.signal);
  return found?.ids ?? [];
}

async function readLocations(
  hq: Hq,
  request: ExtractRequest,
  ids: readonly string[],
  columns: Columns,
): Promise<readonly Extracted[]> {
  const query = { text: LOCATION_SQL, values: [request.domain, ids] };
  const newest = provableTime(request.newestPublishTimestamp);
  const rows = await hq.main.readSettled<LineageRow>(query, newest, request.signal);
  const lineages = new Map<string, LineageRow[]>();
  for (const row of rows) {
    const lineage = lineages.get(row.leaf);
    if (lineage === undefined) lineages.set(row.leaf, [row]);
    else lineage.push(row);
  }
  return ids.map((id) => locationOf(request, id, lineages.get(id) ?? [], columns));
}

function locationOf(
  request: ExtractRequest,
  id: string,
  lineage: readonly LineageRow[],
  columns: Columns,
): Extracted {
  const leaf = lineage.find(({ up }) => up === 0);
  if (leaf?.own === undefined || leaf.own === null) return deletion(request, id);
  const tree = jsonTree(leaf.own['metadata'] ?? null);
  if (typeof tree === 'string') {
    const where = 'locations_sqllocation.metadata';
    const reason = `metadata ${tree}`;
    return {
      op: 'unreadable',
      kind: 'location',
      domain: request.domain,
      id,
      type: LOCATION_TYPE,
      reason,
      where,
    };
  }
  const upsert: Upsert = {
    op: 'upsert',
    kind: 'location',
    domain: request.domain,
    id,
    type: LOCATION_TYPE,
    rev: lineage.reduce((newest, { changed }) => (changed > newest ? changed : newest), leaf.changed),
    month: null,
    fields: { ...ownFields(request, leaf, leaf.own), ...levelFields(lineage, columns) },
    tree,
  };
  return upsert;
}

function ownFields(
  request: ExtractRequest,
  leaf: LineageRow,
  own: NonNullable<LineageRow['own']>,
): Record<string, FieldValue> {
  const level = leaf.code === null ? -1 : request.domainConfig.location_levels.indexOf(leaf.code);
  return {
    domain: request.domain,
    name: leaf.name,
    site_code: leaf.site_code,
    location_type: leaf.type,
    location_type_code: leaf.code,
    location_level: level === -1 ? null : level + 1,
    external_id: own['external_id'] ?? null,
    is_archived: leaf.is_archived,
    archived_on: own['archived_on'] ?? null,
    last_modified: own['last_modified'] ?? null,
    created_at: own['created_at'] ?? null,
    latitude: leaf.latitude,
    longitude: leaf.longitude,
    parent_location_id: own['parent'] ?? null,
  };
}

/** For each configured level the nearest location of it in the lineage; levels it does not have are null. */
function levelFields(lineage: readonly LineageRow[], columns: Columns): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  for (const [level, suffixes] of columns) {
    const place = lineage.find(({ code }) => code === level);
    for (const [suffix, column] of suffixes) fields[column.name] = valueOf(place, suffix);
  }
  return fields;
}

function valueOf(place: LineageRow | undefined, suffix: LevelSuffix): FieldValue {
  if (place === undefined) return null;
  switch (suffix) {
    case '_id':
      return place.location_id;
    case '_name':
      return place.name;
    case '_site_code':
      return place.site_code;
    case '_latitude':
      return place.latitude;
    case '_longitude':
      return place.longitude;
    case '_is_archived':
      return place.is_archived;
  }
}

function deletion(request: ExtractRequest, id: string): Extracted {
  return { op: 'delete', kind: 'location', domain: request.domain, id };
}

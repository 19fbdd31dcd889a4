import type { CaseIndex, Extracted, FieldValue } from '../types.js';
import type { Hq } from './stores.js';
import { chunked, inOrder } from './in-order.js';
import { jsonTree } from './json-tree.js';
import { CHUNKS_AT_ONCE, IDS_PER_QUERY } from './limits.js';
import { monthOf } from './month.js';
import { Places, type Claimants, type PlaceOf } from './places.js';
import type { ExtractRequest } from './request.js';
import type { IdRow } from './shards.js';
import { utc } from './sql-text.js';

interface CaseRow extends IdRow {
  readonly rev: string;
  readonly domain: string;
  readonly type: string;
  readonly owner_id: string | null;
  readonly modified_by: string | null;
  readonly opened_on: string | null;
  readonly gone: boolean;
  readonly props: string | null;
  readonly indices: readonly CaseIndex[] | null;
}

const COPIED = [
  'domain',
  'type',
  'name',
  'owner_id',
  'modified_by',
  'opened_by',
  'closed',
  'closed_by',
  'external_id',
] as const;
const TIMESTAMPS = ['opened_on', 'modified_on', 'server_modified_on', 'closed_on'] as const;

/**
 * $1: case ids. An index row with an empty referenced_id is one the phone removed. `deleted` without deleted_on is a
 * case that its forms' archiving emptied.
 */
const CASE_SQL = `
  SELECT c.case_id AS id, ${utc('c.server_modified_on')} AS rev,
    c.deleted OR c.deleted_on IS NOT NULL AS gone,
    ${COPIED.map((column) => `c.${column}`).join(', ')},
    ${TIMESTAMPS.map((column) => `${utc(`c.${column}`)} AS ${column}`).join(', ')},
    c.location_id AS supply_point_location_id, c.case_json::text AS props, x.indices
  FROM form_processor_commcarecasesql c
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
        'identifier', i.identifier, 'referenced_id', i.referenced_id, 'referenced_type', i.referenced_type,
        'relationship', CASE i.relationship_id WHEN 1 THEN 'child' WHEN 2 THEN 'extension'
                          ELSE i.relationship_id::text END)
      ORDER BY i.identifier COLLATE "C") AS indices
    FROM form_processor_commcarecaseindexsql i WHERE i.case_id = c.case_id AND i.referenced_id <> '') x ON true
  WHERE c.case_id = ANY($1::varchar[])`;

/** Cases by id; rows alone hold all of a case. */
export async function* extractCases(
  hq: Hq,
  request: ExtractRequest,
  ids: readonly string[],
): AsyncGenerator<Extracted> {
  const places = new Places(hq, request);
  const loadChunk = async (chunk: readonly string[]): Promise<readonly Extracted[]> => {
    request.signal?.throwIfAborted();
    const query = { text: CASE_SQL, values: [chunk] };
    const rows = await hq.shards.readProven<CaseRow>(query, chunk, { ...request, kind: 'case' });
    const wanted = new Map([...rows].filter(([, row]) => isWanted(row, request)));
    const placeOf = await places.load([...wanted.values()].map(claimants));
    return chunk.map((id) => caseOf(request, id, wanted.get(id), placeOf));
  };
  for await (const records of inOrder(chunked(ids, IDS_PER_QUERY), CHUNKS_AT_ONCE, loadChunk)) yield* records;
}

function isWanted(row: CaseRow, request: ExtractRequest): boolean {
  return !row.gone && row.domain === request.domain && request.isListed(row.type);
}

function claimants(row: CaseRow): Claimants {
  return { owner: row.owner_id, users: [row.owner_id, row.modified_by] };
}

function caseOf(request: ExtractRequest, id: string, row: CaseRow | undefined, placeOf: PlaceOf): Extracted {
  const { domain } = request;
  if (row === undefined) return { op: 'delete', kind: 'case', domain, id };
  const tree = jsonTree(row.props);
  if (typeof tree === 'string') {
    const where = 'form_processor_commcarecasesql.case_json';
    return { op: 'unreadable', kind: 'case', domain, id, type: row.type, reason: `case_json ${tree}`, where };
  }
  return {
    op: 'upsert',
    kind: 'case',
    domain,
    id,
    type: row.type,
    rev: row.rev,
    month: row.opened_on === null ? null : monthOf(row.opened_on, request.domainConfig.time_zone),
    fields: { ...caseFields(row), ...placeOf(claimants(row)) },
    indices: row.indices ?? [],
    tree,
  };
}

function caseFields(row: CaseRow): Record<string, FieldValue> {
  const values = row as unknown as Readonly<Record<string, FieldValue | undefined>>;
  const fields: Record<string, FieldValue> = { doc_type: 'CommCareCase', user_id: row.modified_by };
  for (const name of [...COPIED, ...TIMESTAMPS, 'supply_point_location_id'])
    fields[name] = values[name] ?? null;
  return fields;
}

import { createHash } from 'node:crypto';
import type { Hq } from './hq.js';

/** Which documents a change may fall on. Each finds at most `count` ids, in an order that `salt` decides. */
export interface Picker {
  readonly domain: string;
  readonly count: number;
  readonly salt: string;
}

const FORM_CONDITIONS = {
  live: 'state = 1 AND deleted_on IS NULL',
  archived: 'state = 2 AND deleted_on IS NULL',
  deleted: 'deleted_on IS NOT NULL',
} as const;
const CASE_CONDITIONS = { live: 'NOT deleted', deleted: 'deleted AND deleted_on IS NOT NULL' } as const;

/** Forms from phones; HQ's own system forms are left out. */
export async function pickForms(
  hq: Hq,
  picker: Picker,
  which: keyof typeof FORM_CONDITIONS,
): Promise<string[]> {
  return await pickFromShards(
    hq,
    picker,
    `SELECT form_id AS id FROM form_processor_xforminstancesql
     WHERE domain = $1 AND xmlns LIKE 'http://openrosa.org/%' AND ${FORM_CONDITIONS[which]}
     ORDER BY md5(form_id || $2) LIMIT $3`,
  );
}

export async function pickCases(
  hq: Hq,
  picker: Picker,
  which: keyof typeof CASE_CONDITIONS,
  type: string | null = null,
): Promise<string[]> {
  const ofType = type === null ? `type <> 'commcare-user' AND $4::text IS NULL` : 'type = $4::text';
  return await pickFromShards(
    hq,
    picker,
    `SELECT case_id AS id FROM form_processor_commcarecasesql
     WHERE domain = $1 AND ${ofType} AND ${CASE_CONDITIONS[which]} ORDER BY md5(case_id || $2) LIMIT $3`,
    [type],
  );
}

export async function pickLocations(
  hq: Hq,
  picker: Picker,
  level: string | null,
  archived = false,
): Promise<string[]> {
  const { rows } = await hq.context.databases.main.query<{ id: string }>(
    `SELECT l.location_id AS id FROM locations_sqllocation l JOIN locations_locationtype t ON t.id = l.location_type_id
     WHERE l.domain = $1 AND ($4::text IS NULL OR t.code = $4) AND l.is_archived = $5
     ORDER BY md5(l.location_id || $2) LIMIT $3`,
    [picker.domain, picker.salt, picker.count, level, archived],
  );
  return rows.map((row) => row.id);
}

async function pickFromShards(
  hq: Hq,
  picker: Picker,
  sql: string,
  more: readonly unknown[] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const pool of hq.context.databases.shards) {
    const { rows } = await pool.query<{ id: string }>(sql, [
      picker.domain,
      picker.salt,
      picker.count,
      ...more,
    ]);
    found.push(...rows.map((row) => row.id));
  }
  const rank = (id: string): string => createHash('md5').update(`${id}${picker.salt}`).digest('hex');
  return found.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, picker.count);
}

import type { LocationType } from '../types.js';
import type { HqDatabase } from './hq-database.js';
import type { LocationTypes } from './request.js';
import { readSettled } from './read-settled.js';
import { utc } from './sql-text.js';

interface TypeRow {
  readonly domain: string;
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  readonly parent: string | null;
  readonly modified: string;
}

const TYPES_SQL = `
  SELECT domain, id::text AS id, name, code, parent_type_id::text AS parent, ${utc('last_modified')} AS modified
  FROM locations_locationtype WHERE domain = ANY($1::varchar[])`;

/** $1 domain, $2 types from the top down, $3 number, $4 limit. */
const LOCATIONS_SQL = `
  SELECT l.id::text AS number, l.location_id AS id
  FROM locations_sqllocation l LEFT JOIN locations_sqllocation p ON p.id = l.parent_id
  WHERE l.domain = $1 AND l.location_type_id = ANY($2::bigint[]) AND l.id > $3::bigint
    AND coalesce(array_position($2::bigint[], p.location_type_id::bigint), cardinality($2::bigint[]) + 1)
        >= array_position($2::bigint[], l.location_type_id::bigint)
  ORDER BY l.id LIMIT $4`;

const ABSENT_SQL = `
  SELECT asked.id FROM unnest($2::varchar[]) AS asked(id)
  WHERE NOT EXISTS (SELECT 1 FROM locations_sqllocation l WHERE l.domain = $1 AND l.location_id = asked.id)`;

export function locationTypesOf(main: HqDatabase): LocationTypes {
  return {
    async read(domains, moment) {
      const found = new Map<string, LocationType[]>(domains.map((domain) => [domain, []]));
      const query = { text: TYPES_SQL, values: [domains] };
      for (const row of await readSettled<TypeRow>(main, query, moment)) {
        found.get(row.domain)?.push({
          id: BigInt(row.id),
          name: row.name,
          code: row.code,
          parentTypeId: row.parent === null ? null : BigInt(row.parent),
          lastModified: row.modified,
        });
      }
      return found;
    },
    async locationsOf(domain, typeIds, after, limit, moment) {
      const values = [domain, typeIds.map(String), after.toString(), limit];
      const query = { text: LOCATIONS_SQL, values };
      const rows = await readSettled<{ number: string; id: string }>(main, query, moment);
      return rows.map(({ number, id }) => ({ number: BigInt(number), id }));
    },
    async absent(domain, ids, moment) {
      const query = { text: ABSENT_SQL, values: [domain, ids] };
      return (await readSettled<{ id: string }>(main, query, moment)).map(({ id }) => id);
    },
  };
}

import { MAX_ANCESTORS } from './limits.js';

/**
 * `u(leaf, id, up)`: each asked location and its ancestors, by internal id; $1 domain, $2 location ids. The path
 * keeps a cycle in HQ's data from going round.
 */
export const LINEAGE_CTE = `
  WITH RECURSIVE u AS (
    SELECT id AS leaf, id, parent_id, 0 AS up, ARRAY[id] AS path
    FROM locations_sqllocation WHERE domain = $1 AND location_id = ANY($2::varchar[])
    UNION ALL
    SELECT u.leaf, p.id, p.parent_id, u.up + 1, u.path || p.id
    FROM u JOIN locations_sqllocation p ON p.id = u.parent_id
    WHERE u.up < ${MAX_ANCESTORS} AND NOT p.id = ANY(u.path))`;

/** $1 domain, $2 location ids: the ids of those that exist and of all below them. UNION ends a cycle. */
export const DESCENDANTS_SQL = `
  WITH RECURSIVE d AS (
    SELECT id, location_id FROM locations_sqllocation WHERE domain = $1 AND location_id = ANY($2::varchar[])
    UNION
    SELECT c.id, c.location_id FROM d JOIN locations_sqllocation c ON c.parent_id = d.id WHERE c.domain = $1)
  SELECT coalesce(array_agg(location_id::text), '{}') AS ids FROM d`;

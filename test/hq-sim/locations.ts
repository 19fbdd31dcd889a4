import { randomUUID } from 'node:crypto';
import { LakeError } from '../../orchestrator/errors.js';
import type { JsonObject } from '../../orchestrator/types.js';
import { locationSaved } from './announcements.js';
import type { HqContext } from './context.js';
import type { LocationRow, LocationTypeRow } from './rows.js';

export interface NewLocationType {
  readonly code: string;
  readonly name: string;
  readonly parentCode?: string;
  readonly administrative?: boolean;
  readonly sharesCases?: boolean;
}

export interface NewLocation {
  readonly name: string;
  readonly typeCode: string;
  readonly siteCode: string;
  /** The parent's location_id; a top-level location has none. */
  readonly parentId?: string;
  /** Default: a uuid hex, as HQ gives. */
  readonly locationId?: string;
  readonly externalId?: string;
  readonly latitude?: string;
  readonly longitude?: string;
  readonly metadata?: JsonObject;
}

/** What can be changed of a location; what is left out stays. */
export interface LocationChange {
  readonly name?: string;
  readonly siteCode?: string;
  readonly externalId?: string | null;
  /** The new parent's location_id; null makes it a top-level location. */
  readonly parentId?: string | null;
  readonly typeCode?: string;
  readonly latitude?: string | null;
  readonly longitude?: string | null;
  readonly metadata?: JsonObject;
}

/** What can be changed of a type; what is left out stays. */
export interface LocationTypeChange {
  readonly name?: string;
  readonly code?: string;
  readonly parentCode?: string;
}

/** Creates the types that are missing; HQ announces nothing. Parents stand before their children in the list. */
export async function createLocationTypes(
  ctx: HqContext,
  domain: string,
  types: readonly NewLocationType[],
): Promise<void> {
  for (const type of types) {
    await ctx.databases.main.query(
      `INSERT INTO locations_locationtype (domain, name, code, parent_type_id, administrative, shares_cases,
         view_descendants, expand_from_root, last_modified, has_user, has_users, emergency_level,
         understock_threshold, overstock_threshold)
       VALUES ($1::varchar, $2, $3::varchar, (SELECT id FROM locations_locationtype WHERE domain = $1::varchar AND code = $4::varchar), $5, $6,
         false, false, $7, false, true, 0.5, 1.5, 3.0)
       ON CONFLICT (domain, code) DO NOTHING`,
      [
        domain,
        type.name,
        type.code,
        type.parentCode ?? null,
        type.administrative ?? true,
        type.sharesCases ?? false,
        ctx.clock.next(),
      ],
    );
  }
}

/** Renames a type, changes its code or puts it below another: only last_modified shows it, nothing is announced. */
export async function editLocationType(
  ctx: HqContext,
  domain: string,
  code: string,
  change: LocationTypeChange,
): Promise<void> {
  const type = await findType(ctx, domain, code);
  const parent = change.parentCode === undefined ? null : await findType(ctx, domain, change.parentCode);
  await ctx.databases.main.query(
    `UPDATE locations_locationtype SET name = coalesce($2, name), code = coalesce($3, code),
       parent_type_id = coalesce($4, parent_type_id), last_modified = $5 WHERE id = $1`,
    [type.id, change.name ?? null, change.code ?? null, parent?.id ?? null, ctx.clock.next()],
  );
}

/** Deletes a type with all its locations (and the types below must be gone): nothing is announced. */
export async function deleteLocationType(ctx: HqContext, domain: string, code: string): Promise<void> {
  const type = await findType(ctx, domain, code);
  const { main } = ctx.databases;
  await main.query('DELETE FROM locations_sqllocation WHERE location_type_id = $1', [type.id]);
  await main.query('DELETE FROM locations_locationtype WHERE id = $1', [type.id]);
}

/** Creates locations, parents before children, and announces each. @returns their location_ids */
export async function createLocations(
  ctx: HqContext,
  domain: string,
  locations: readonly NewLocation[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const location of locations) {
    const type = await findType(ctx, domain, location.typeCode);
    const parent = location.parentId === undefined ? null : await findLocation(ctx, location.parentId);
    const locationId = location.locationId ?? randomUUID().replaceAll('-', '');
    await ctx.databases.main.query(
      `INSERT INTO locations_sqllocation (domain, name, location_id, location_type_id, site_code, external_id,
         metadata, created_at, last_modified, is_archived, latitude, longitude, parent_id, stocks_all_products, user_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, false, $9, $10, $11, true, '')`,
      [
        domain,
        location.name,
        locationId,
        type.id,
        location.siteCode,
        location.externalId ?? null,
        JSON.stringify(location.metadata ?? {}),
        ctx.clock.next(),
        location.latitude ?? null,
        location.longitude ?? null,
        parent?.id ?? null,
      ],
    );
    ids.push(locationId);
  }
  await announce(
    ctx,
    ids.map((location_id) => ({ location_id, domain })),
  );
  return ids;
}

/** Changes one location. Moving or renaming a parent announces that row only, never its descendants. */
export async function editLocation(
  ctx: HqContext,
  locationId: string,
  change: LocationChange,
): Promise<void> {
  const row = await findLocation(ctx, locationId);
  const columns: Record<string, unknown> = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.siteCode === undefined ? {} : { site_code: change.siteCode }),
    ...(change.externalId === undefined ? {} : { external_id: change.externalId }),
    ...(change.latitude === undefined ? {} : { latitude: change.latitude }),
    ...(change.longitude === undefined ? {} : { longitude: change.longitude }),
    ...(change.metadata === undefined ? {} : { metadata: JSON.stringify(change.metadata) }),
    last_modified: ctx.clock.next(),
  };
  if (change.parentId !== undefined) {
    columns['parent_id'] = change.parentId === null ? null : (await findLocation(ctx, change.parentId)).id;
  }
  if (change.typeCode !== undefined)
    columns['location_type_id'] = (await findType(ctx, row.domain, change.typeCode)).id;
  const names = Object.keys(columns);
  const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(', ');
  await ctx.databases.main.query(`UPDATE locations_sqllocation SET ${assignments} WHERE location_id = $1`, [
    locationId,
    ...Object.values(columns),
  ]);
  await announce(ctx, [row]);
}

/** Archives the location and all below it; each row is saved and announced. */
export async function archiveLocation(ctx: HqContext, locationId: string): Promise<void> {
  await setArchived(ctx, await familyOf(ctx, locationId, 'descendants'), true);
}

/** Unarchives the location, all below it and all above it, as HQ does; each row is saved and announced. */
export async function unarchiveLocation(ctx: HqContext, locationId: string): Promise<void> {
  const below = await familyOf(ctx, locationId, 'descendants');
  const above = await familyOf(ctx, locationId, 'ancestors');
  const rows = [...below, ...above.filter((row) => row.location_id !== locationId)];
  await setArchived(
    ctx,
    rows.filter((row) => row.is_archived),
    false,
  );
}

/** Deletes the location and all below it for good; the announcements go out before the rows are gone. */
export async function deleteLocation(ctx: HqContext, locationId: string): Promise<void> {
  const rows = await familyOf(ctx, locationId, 'descendants');
  await ctx.feed.send(
    'location',
    rows.map((row) => locationSaved(row, true)),
  );
  await ctx.databases.main.query('DELETE FROM locations_sqllocation WHERE id = ANY($1::int[])', [
    rows.map((row) => row.id),
  ]);
}

async function setArchived(ctx: HqContext, rows: readonly LocationRow[], archived: boolean): Promise<void> {
  for (const row of rows) {
    const now = ctx.clock.next();
    await ctx.databases.main.query(
      'UPDATE locations_sqllocation SET is_archived = $2, archived_on = $3, last_modified = $4 WHERE id = $1',
      [row.id, archived, archived ? now : null, now],
    );
  }
  await announce(ctx, rows);
}

async function announce(
  ctx: HqContext,
  rows: readonly Pick<LocationRow, 'location_id' | 'domain'>[],
): Promise<void> {
  await ctx.feed.send(
    'location',
    rows.map((row) => locationSaved(row)),
  );
}

async function familyOf(
  ctx: HqContext,
  locationId: string,
  direction: 'ancestors' | 'descendants',
): Promise<LocationRow[]> {
  await findLocation(ctx, locationId);
  const step = direction === 'descendants' ? 'l.parent_id = f.id' : 'l.id = f.parent_id';
  const { rows } = await ctx.databases.main.query<LocationRow>(
    `WITH RECURSIVE f AS (
       SELECT l.*, 0 AS depth FROM locations_sqllocation l WHERE l.location_id = $1
       UNION ALL SELECT l.*, f.depth + 1 FROM locations_sqllocation l JOIN f ON ${step})
     SELECT * FROM f ORDER BY depth, id`,
    [locationId],
  );
  return rows;
}

async function findType(ctx: HqContext, domain: string, code: string): Promise<LocationTypeRow> {
  const { rows } = await ctx.databases.main.query<LocationTypeRow>(
    'SELECT id, domain, name, code, parent_type_id FROM locations_locationtype WHERE domain = $1 AND code = $2',
    [domain, code],
  );
  const [type] = rows;
  if (type === undefined) throw new LakeError('USAGE', `There is no location type ${code} in ${domain}`);
  return type;
}

async function findLocation(ctx: HqContext, locationId: string): Promise<LocationRow> {
  const { rows } = await ctx.databases.main.query<LocationRow>(
    'SELECT * FROM locations_sqllocation WHERE location_id = $1',
    [locationId],
  );
  const [row] = rows;
  if (row === undefined) throw new LakeError('USAGE', `There is no location ${locationId}`);
  return row;
}

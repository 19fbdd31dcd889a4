import type { LocationType } from '../types.js';
import type { Queryable } from './database.js';

/**
 * What HQ's location types were when they were last looked at, and which of their locations are still to be planned
 * (migrations/0006_location_types.sql). A look compares outside of a transaction and writes in one that holds the
 * topic's row: `lockTopic` first, then the comparison is made again on what stands there.
 */
export interface TypeLook {
  readonly domain: string;
  /** Changed types whose locations are not all planned, upper levels first. */
  readonly typeIds: readonly bigint[];
  readonly plannedUntil: bigint;
  /** Known locations up to this id have been looked for in HQ; null: nothing to look for. */
  readonly soughtUntil: string | null;
}

/** What has been seen of a domain; `look` is absent when nothing has. */
export interface SeenTypes {
  readonly look: TypeLook | undefined;
  readonly types: readonly LocationType[];
}

interface LookRow {
  [column: string]: unknown;
  domain: string;
  type_ids: bigint[];
  planned_until: bigint;
  sought_until: string | null;
}

interface TypeRow {
  [column: string]: unknown;
  type_id: bigint;
  name: string;
  code: string | null;
  parent_type_id: bigint | null;
  last_modified: string;
}

export async function readSeenTypes(database: Queryable, domain: string): Promise<SeenTypes> {
  const [look] = await database.query<LookRow>('SELECT * FROM location_type_look WHERE domain = $1', [
    domain,
  ]);
  const types = await database.query<TypeRow>('SELECT * FROM location_type_seen WHERE domain = $1', [domain]);
  return {
    look: look === undefined ? undefined : lookOf(look),
    types: types.map((row) => ({
      id: row.type_id,
      name: row.name,
      code: row.code,
      parentTypeId: row.parent_type_id,
      lastModified: row.last_modified,
    })),
  };
}

/** Remembers what was seen now, and what is to be planned for it. */
export async function rememberTypes(
  tx: Queryable,
  look: TypeLook,
  types: readonly LocationType[],
): Promise<void> {
  await writeLook(tx, look);
  await tx.query('DELETE FROM location_type_seen WHERE domain = $1', [look.domain]);
  await tx.query(
    `INSERT INTO location_type_seen (domain, type_id, name, code, parent_type_id, last_modified)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[])`,
    [
      look.domain,
      types.map(({ id }) => id),
      types.map(({ name }) => name),
      types.map(({ code }) => code),
      types.map(({ parentTypeId }) => parentTypeId),
      types.map(({ lastModified }) => lastModified),
    ],
  );
}

export async function writeLook(tx: Queryable, look: TypeLook): Promise<void> {
  await tx.query(
    `INSERT INTO location_type_look (domain, type_ids, planned_until, sought_until) VALUES ($1, $2, $3, $4)
     ON CONFLICT (domain) DO UPDATE SET type_ids = excluded.type_ids, planned_until = excluded.planned_until,
       sought_until = excluded.sought_until`,
    [look.domain, look.typeIds, look.plannedUntil, look.soughtUntil],
  );
}

/** Domains of which locations are still to be planned. */
export async function pendingLooks(database: Queryable): Promise<readonly TypeLook[]> {
  const rows = await database.query<LookRow>(
    "SELECT * FROM location_type_look WHERE type_ids <> '{}' OR sought_until IS NOT NULL ORDER BY domain",
  );
  return rows.map(lookOf);
}

/** A domain whose locations are kept no more has to be looked at anew should it come back. */
export async function forgetOtherDomains(database: Queryable, kept: readonly string[]): Promise<void> {
  for (const table of ['location_type_seen', 'location_type_look'])
    await database.query(`DELETE FROM ${table} WHERE domain <> ALL($1::text[])`, [kept]);
}

/**
 * Whether no location of the domain has been read from HQ yet: then each will be read after this very moment. A batch
 * that is being read stands as planned, with its extraction begun.
 */
export async function isUnread(tx: Queryable, topic: string, domain: string): Promise<boolean> {
  const [row] = await tx.query<{ read: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM record_place WHERE kind = 'location' AND domain = $2)
         OR EXISTS (SELECT 1 FROM batch WHERE topic = $1 AND state <> 'committed' AND extraction > 0) AS read`,
    [topic, domain],
  );
  return row?.read === false;
}

/** Locations of the domain that stand in the lake or may stand there, by id, after an id. */
export async function knownLocations(
  database: Queryable,
  domain: string,
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await database.query<{ record_id: string }>(
    `SELECT DISTINCT record_id FROM record_place
     WHERE kind = 'location' AND domain = $1 AND record_id > $2 ORDER BY record_id LIMIT $3`,
    [domain, after, limit],
  );
  return rows.map(({ record_id: id }) => id);
}

function lookOf(row: LookRow): TypeLook {
  return {
    domain: row.domain,
    typeIds: row.type_ids,
    plannedUntil: row.planned_until,
    soughtUntil: row.sought_until,
  };
}

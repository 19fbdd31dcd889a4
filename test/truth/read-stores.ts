import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { openBlobStore, type BlobStore } from '../hq-sim/blob-store.js';
import { noForms, READ_XMLNS, takeForm, type ReadForms } from './read-forms.js';
import type { Child, Index, Member, Place, Setting, World } from './world.js';

/** Where HQ's stores are, by the variables of env.sh. */
export type Variables = Readonly<Record<string, string | undefined>>;

const PAGE = 1000;
const BLOBS_AT_ONCE = 16;
const MOMENT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** What was read of HQ, and how many forms have an XML that cannot be read (they are no rows of the lake either). */
export interface ReadWorld {
  readonly world: World;
  readonly unreadable: number;
}

/** Reads a domain from HQ's own stores: live cases, normal forms with their XML, locations. */
export async function readWorld(setting: Setting, variables: Variables): Promise<ReadWorld> {
  const main = variables['HQ_DATABASE_URL'] ?? '';
  const shards = (variables['HQ_SHARD_DATABASE_URLS'] ?? '').split(',').filter((url) => url !== '');
  const blobs = await openBlobStore(variables['HQ_BLOB_STORE'] ?? '', s3Of(variables));
  const forms = noForms();
  const cases: Cases = { children: [], members: [] };
  let unreadable = 0;
  for (const url of shards.length === 0 ? [main] : shards) {
    await withDatabase(url, async (client) => {
      await readCases(client, setting.domain, cases);
      unreadable += await readForms(client, setting.domain, blobs, forms);
    });
  }
  const places = await withDatabase(main, (client) => readPlaces(client, setting.domain));
  return { world: { setting, places, ...cases, ...forms }, unreadable };
}

interface Cases {
  readonly children: Child[];
  readonly members: Member[];
}

interface CaseRow {
  readonly pk: number;
  readonly case_id: string;
  readonly type: string;
  readonly name: string | null;
  readonly owner_id: string;
  readonly opened_on: string | null;
  readonly closed: boolean;
  readonly closed_on: string | null;
  readonly properties: string;
  readonly indices: readonly Index[] | null;
}

async function readCases(client: pg.Client, domain: string, cases: Cases): Promise<void> {
  for (let after = 0; ;) {
    const { rows } = await client.query<CaseRow>(
      `SELECT c.id AS pk, c.case_id, c.type, c.name, c.owner_id, c.closed, c.case_json AS properties,
         to_char(c.opened_on AT TIME ZONE 'UTC', ${MOMENT}) AS opened_on,
         to_char(c.closed_on AT TIME ZONE 'UTC', ${MOMENT}) AS closed_on,
         (SELECT json_agg(json_build_object('identifier', i.identifier, 'type', i.referenced_type, 'id', i.referenced_id))
            FROM form_processor_commcarecaseindexsql i WHERE i.case_id = c.case_id) AS indices
       FROM form_processor_commcarecasesql c
       WHERE c.domain = $1 AND c.type IN ('child_care', 'member') AND NOT c.deleted AND c.deleted_on IS NULL AND c.id > $2
       ORDER BY c.id LIMIT ${PAGE}`,
      [domain, after],
    );
    for (const row of rows) takeCase(row, cases);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.pk;
  }
}

function takeCase(row: CaseRow, { children, members }: Cases): void {
  const properties = JSON.parse(row.properties) as Readonly<Record<string, unknown>>;
  const property = (name: string): string | null => {
    const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return typeof value === 'string' ? value : null;
  };
  if (row.type === 'member') {
    members.push({
      ...{ id: row.case_id, name: row.name },
      dob: property('member_dob'),
      gender: property('member_gender'),
      deathDate: property('member_death_date'),
      motherId: property('mother_case_id'),
    });
    return;
  }
  children.push({
    ...{ id: row.case_id, ownerId: row.owner_id, openedOn: row.opened_on },
    ...{ closed: row.closed, closedOn: row.closed_on, indices: row.indices ?? [] },
    birthWeight: property('birth_weight'),
    lowBirthWeight: property('low_birth_weight'),
    breastfeedingInitiated: property('breastfeeding_initiated'),
  });
}

interface FormRow {
  readonly pk: number;
  readonly form_id: string;
  readonly xmlns: string;
  readonly received_on: string;
  readonly key: string | null;
  readonly packed: boolean;
}

/** @returns how many could not be read */
async function readForms(
  client: pg.Client,
  domain: string,
  blobs: BlobStore,
  into: ReadForms,
): Promise<number> {
  let unreadable = 0;
  for (let after = 0; ;) {
    const { rows } = await client.query<FormRow>(
      `SELECT f.id AS pk, f.form_id, f.xmlns, to_char(f.received_on AT TIME ZONE 'UTC', ${MOMENT}) AS received_on,
         b.key, b.compressed_length IS NOT NULL AS packed
       FROM form_processor_xforminstancesql f LEFT JOIN LATERAL (SELECT key, compressed_length FROM blobs_blobmeta m
         WHERE m.parent_id = f.form_id AND m.type_code = 2 AND m.name = 'form.xml' ORDER BY m.id DESC LIMIT 1) b ON true
       WHERE f.domain = $1 AND f.xmlns = ANY($2) AND f.state = 1 AND f.deleted_on IS NULL AND f.id > $3
       ORDER BY f.id LIMIT ${PAGE}`,
      [domain, READ_XMLNS, after],
    );
    for (let at = 0; at < rows.length; at += BLOBS_AT_ONCE) {
      const taken = await Promise.all(
        rows.slice(at, at + BLOBS_AT_ONCE).map((row) => takeStored(row, blobs, into)),
      );
      unreadable += taken.filter((read) => !read).length;
    }
    const last = rows.at(-1);
    if (last === undefined) return unreadable;
    after = last.pk;
  }
}

async function takeStored(row: FormRow, blobs: BlobStore, into: ReadForms): Promise<boolean> {
  if (row.key === null) return false;
  try {
    const bytes = await blobs.get(row.key);
    const xml = (row.packed ? gunzipSync(bytes) : bytes).toString('utf8');
    takeForm(into, { id: row.form_id, xmlns: row.xmlns, receivedOn: row.received_on, xml });
    return true;
  } catch (thrown) {
    // A broken or missing XML is set aside by the lake too; the caller says how many there are.
    if (isUnreadable(thrown)) return false;
    throw thrown;
  }
}

function isUnreadable(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const name = thrown instanceof Error ? thrown.name : '';
  return code === 'RECORD_UNREADABLE' || code === 'ENOENT' || code.startsWith('Z_') || name === 'NoSuchKey';
}

async function readPlaces(client: pg.Client, domain: string): Promise<Place[]> {
  const { rows } = await client.query<Place>(
    `SELECT l.location_id AS id, p.location_id AS "parentId", t.code AS type, l.name, l.site_code AS "siteCode",
       l.is_archived AS archived
     FROM locations_sqllocation l JOIN locations_locationtype t ON t.id = l.location_type_id
       LEFT JOIN locations_sqllocation p ON p.id = l.parent_id
     WHERE l.domain = $1`,
    [domain],
  );
  return rows;
}

async function withDatabase<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

function s3Of(variables: Variables) {
  const given = {
    endpoint: variables['S3_ENDPOINT'],
    region: variables['AWS_REGION'],
    accessKeyId: variables['AWS_ACCESS_KEY_ID'],
    secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'],
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => (value ?? '') !== ''));
}

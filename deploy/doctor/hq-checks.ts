import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type pg from 'pg';
import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';
import { askCouch, askPostgres, askS3, blobS3, listOf, publicUrl } from './ask.js';
import { messageOf, type Check } from './check.js';

const UNSET = 'Ingestion needs it; `dimagi-lake hq-sim init` sets it for a simulated HQ.';

/** HQ's databases, each with the tables that are read there, and its blob store. */
export const HQ_CHECKS: readonly Check[] = [
  {
    name: "HQ's main database",
    needs: ['HQ_DATABASE_URL'],
    unset: UNSET,
    mend: 'HQ_DATABASE_URL needs a login that may SELECT from locations_sqllocation and locations_locationtype.',
    look: (value) => hqFacts(value('HQ_DATABASE_URL'), ['locations_sqllocation', 'locations_locationtype']),
  },
  {
    name: "HQ's shards",
    needs: ['HQ_DATABASE_URL'],
    unset: UNSET,
    mend: 'Each URL of HQ_SHARD_DATABASE_URLS needs a login that may SELECT from the form, case and blobmeta tables.',
    look: async (value, environment) => {
      const urls = listOf(environment['HQ_SHARD_DATABASE_URLS'] ?? value('HQ_DATABASE_URL'));
      const looks = await Promise.allSettled(urls.map((url) => hqFacts(url, SHARD_TABLES)));
      const faults = looks.flatMap((look, at) =>
        look.status === 'rejected'
          ? [`shard ${at + 1}, ${publicUrl(urls[at] ?? '')}: ${messageOf(look.reason)}`]
          : [],
      );
      if (faults.length > 0) throw new Error(faults.join('; '));
      return looks.map((look) => (look.status === 'fulfilled' ? look.value : '')).join('; ');
    },
  },
  {
    name: "HQ's blob store",
    needs: ['HQ_BLOB_STORE'],
    unset: UNSET,
    mend: "HQ_BLOB_STORE must be readable here; on S3 with s3:GetObject and s3:ListBucket, else what is missing looks refused. HQ_BLOB_* name another S3 than the lake's.",
    look: (value, environment) => blobStoreFacts(value('HQ_BLOB_STORE'), environment),
  },
  {
    name: "HQ's users",
    needs: ['HQ_USERS'],
    unset: 'Users’ places come from usercases then.',
    mend: "HQ_USERS as a URL needs CouchDB's host and port, a login that may read HQ's users, and their database (<main>__users).",
    look: (value) => userFacts(value('HQ_USERS')),
  },
];

const SHARD_TABLES = [
  'form_processor_xforminstancesql',
  'form_processor_commcarecasesql',
  'form_processor_commcarecaseindexsql',
  'blobs_blobmeta',
];

/** Only CouchDB is a service of its own: usercases stand among the cases. */
export async function userFacts(source: string): Promise<string> {
  if (!source.startsWith('couchdb+')) return source;
  return `${await askCouch(source)} documents in ${publicUrl(source)}`;
}

/** @throws Error naming what can't be read */
function hqFacts(url: string, tables: readonly string[]): Promise<string> {
  return askPostgres({ connectionString: url }, async (client) => {
    const { rows } = await client.query<{ table: string; there: boolean; readable: boolean | null }>(
      `SELECT t AS "table", to_regclass(t) IS NOT NULL AS there,
              has_table_privilege(to_regclass(t), 'SELECT') AS readable FROM unnest($1::text[]) t`,
      [tables],
    );
    const absent = rows.filter(({ there }) => !there).map(({ table }) => table);
    if (absent.length > 0) throw new Error(`${publicUrl(url)} has no ${absent.join(', ')}`);
    const refused = rows.filter(({ readable }) => readable !== true).map(({ table }) => table);
    if (refused.length > 0)
      throw new Error(`the login may not read ${refused.join(', ')} in ${publicUrl(url)}`);
    return standbyFacts(client);
  });
}

async function standbyFacts(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string; role: string; standby: boolean }>(
    'SELECT current_database() AS name, current_user AS role, pg_is_in_recovery() AS standby',
  );
  const [row] = rows;
  return `${row?.name ?? '?'} as ${row?.role ?? '?'}${row?.standby === true ? ' (a standby)' : ''}`;
}

/** Every store of the list: HQ looks a blob up in the second when the first lacks it. */
export async function blobStoreFacts(text: string, environment: DoctorEnvironment): Promise<string> {
  const stores = text.split(/,(?=file:\/\/\/|s3a?:\/\/)/);
  for (const store of stores) {
    if (store.startsWith('file:')) await readFolder(fileURLToPath(store));
    else await readBucket(store, environment);
  }
  return `${stores.join(', ')} can be read`;
}

async function readFolder(folder: string): Promise<void> {
  await access(folder, constants.R_OK | constants.X_OK);
  await readdir(folder);
}

/** A blob that is not there must be answered as missing, and not as refused. */
async function readBucket(url: string, environment: DoctorEnvironment): Promise<void> {
  const { hostname: bucket } = new URL(url);
  await askS3(blobS3(environment), async (client) => {
    try {
      await client.send(new GetObjectCommand({ Bucket: bucket, Key: '.dimagi-lake-probe' }));
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'NoSuchKey') return;
      throw new Error(`${url}: ${messageOf(thrown)}`, { cause: thrown });
    }
  });
}

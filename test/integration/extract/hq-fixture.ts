import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { DomainConfig } from '../../../orchestrator/config/lake.js';
import { openHq } from '../../../orchestrator/extract/hq.js';
import type { ExtractRequest, HqSource } from '../../../orchestrator/extract/request.js';
import type { Extracted } from '../../../orchestrator/types.js';
import { GRANTS, MAIN_DDL, READER, SHARD_DDL } from './hq-tables.js';
import { PostgresServer } from '../../helpers/postgres-server.js';

export const DOMAIN = 'nutrition-demo';
export const CONFIG: DomainConfig = {
  location_levels: ['state', 'district', 'clinic'],
  record_location: ['owner', 'user'],
  locations: true,
  cases: {},
  forms: {},
  tables: {},
  time_zone: 'UTC',
  aggregations: { close_after: 3 },
};
const SHARDS = ['hq_p1', 'hq_p2'] as const;
export type ShardName = (typeof SHARDS)[number];
type Row = Readonly<Record<string, string | number | boolean | null>>;

/** An HQ of one Postgres: a main database, two shards, and a folder of blobs. */
export class HqFixture {
  readonly server: PostgresServer;
  readonly #blobs: string;

  private constructor(server: PostgresServer, blobs: string) {
    this.server = server;
    this.#blobs = blobs;
  }

  static async create(): Promise<HqFixture> {
    const server = await PostgresServer.create();
    await server.query('postgres', `CREATE ROLE ${READER} LOGIN`);
    for (const database of ['hq_main', ...SHARDS])
      await server.query('postgres', `CREATE DATABASE ${database}`);
    await server.query('hq_main', MAIN_DDL + GRANTS);
    for (const shard of SHARDS) await server.query(shard, SHARD_DDL + GRANTS);
    return new HqFixture(server, await mkdtemp(join(tmpdir(), 'hq-blobs-')));
  }

  get blobUrl(): string {
    return pathToFileURL(this.#blobs).href;
  }

  /** HQ as we read it; `from` and `main` read other servers (standbys), `blobs` another store. */
  open(from: PostgresServer = this.server, blobs = this.blobUrl, s3 = {}, main = from): HqSource {
    return openHq({
      HQ_DATABASE_URL: main.url('hq_main', READER),
      HQ_SHARD_DATABASE_URLS: SHARDS.map((shard) => from.url(shard, READER)),
      HQ_BLOB_STORE: blobs,
      HQ_USERS: 'usercase',
      AWS_REGION: 'us-east-1',
      ...s3,
    });
  }

  async insert(database: 'hq_main' | ShardName, table: string, row: Row): Promise<void> {
    const names = Object.keys(row);
    await this.server.query(
      database,
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
  }

  /** A form row and, unless `xml` is null, its blob: gzip as HQ writes today, or raw as it once did. */
  async addForm(
    shard: ShardName,
    row: Row & { form_id: string },
    xml: string | null,
    gzip = true,
  ): Promise<void> {
    await this.insert(shard, 'form_processor_xforminstancesql', {
      domain: DOMAIN,
      xmlns: 'http://openrosa.org/formdesigner/visit',
      received_on: '2024-05-02T09:14:03.120394Z',
      server_modified_on: '2024-05-02T09:14:04.000001Z',
      ...row,
    });
    if (xml !== null) await this.addBlob(shard, row.form_id, `key-${row.form_id}`, Buffer.from(xml), gzip);
  }

  async addBlob(
    shard: ShardName,
    parent: string,
    key: string,
    content: Buffer,
    gzip: boolean,
  ): Promise<void> {
    const bytes = gzip ? gzipSync(content) : content;
    await this.writeBlob(key, bytes);
    await this.insert(shard, 'blobs_blobmeta', {
      domain: DOMAIN,
      parent_id: parent,
      name: 'form.xml',
      key,
      type_code: 2,
      content_length: content.byteLength,
      compressed_length: gzip ? bytes.byteLength : null,
    });
  }

  async writeBlob(key: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.#blobs, key)), { recursive: true });
    await writeFile(join(this.#blobs, key), bytes);
  }

  async addCase(shard: ShardName, row: Row & { case_id: string }): Promise<void> {
    await this.insert(shard, 'form_processor_commcarecasesql', {
      domain: DOMAIN,
      type: 'child',
      modified_on: '2024-05-02T09:14:03Z',
      server_modified_on: '2024-05-02T09:14:04.000001Z',
      ...row,
    });
  }

  /** HQ's mirror of a mobile worker: where the user works. */
  async addUsercase(shard: ShardName, userId: string, locationId: string): Promise<void> {
    await this.addCase(shard, {
      case_id: `usercase-${userId}`,
      type: 'commcare-user',
      external_id: userId,
      case_json: JSON.stringify({ hq_user_id: userId, commcare_location_id: locationId }),
    });
  }

  /** state-1 > district-1 > clinic-1 (archived), clinic-2; and foreign-1 of another domain. */
  async addLocationTree(): Promise<void> {
    await this.server.query(
      'hq_main',
      `INSERT INTO locations_locationtype (domain, name, code, last_modified) VALUES
         ('${DOMAIN}', 'State', 'state', '2024-01-01Z'), ('${DOMAIN}', 'District', 'district', '2024-03-09Z'),
         ('${DOMAIN}', 'Clinic', 'clinic', '2024-01-01Z'), ('another', 'State', 'state', '2024-01-01Z')`,
    );
    const places: readonly (readonly [string, string, number, string, number | null])[] = [
      ['State 1', 'state-1', 1, 's1', null],
      ['District 1', 'district-1', 2, 'd1', 1],
      ['Clinic 1', 'clinic-1', 3, 'c1', 2],
      ['Clinic 2', 'clinic-2', 3, 'c2', 2],
      ['Foreign', 'foreign-1', 4, 'f1', null],
    ];
    for (const [name, id, type, code, parent] of places)
      await this.insert('hq_main', 'locations_sqllocation', {
        ...{
          domain: type === 4 ? 'another' : DOMAIN,
          name,
          location_id: id,
          location_type_id: type,
          site_code: code,
        },
        ...{ parent_id: parent, created_at: '2023-01-01Z', last_modified: '2024-02-03Z' },
      });
    await this.server.query(
      'hq_main',
      `UPDATE locations_sqllocation SET is_archived = true, archived_on = '2024-02-03Z', latitude = 12.5,
         longitude = -3.25, external_id = 'ext', metadata = '{"beds":"4"}' WHERE location_id = 'clinic-1'`,
    );
  }

  async remove(): Promise<void> {
    await this.server.remove();
    await rm(this.#blobs, { recursive: true, force: true });
  }
}

/** All of an extraction, with the request's usual values filled in. */
export async function extractAll(
  hq: HqSource,
  request: Pick<ExtractRequest, 'kind' | 'ids'> & Partial<ExtractRequest>,
): Promise<Extracted[]> {
  const records: Extracted[] = [];
  const usual = { domain: DOMAIN, newestPublishTimestamp: null, domainConfig: CONFIG, isListed: () => true };
  for await (const record of hq.extract({ ...usual, ...request })) records.push(record);
  return records;
}

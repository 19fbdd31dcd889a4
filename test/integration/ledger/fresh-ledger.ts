import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Batch } from '../../../orchestrator/ledger/batches.js';
import { readBatch } from '../../../orchestrator/ledger/batches.js';
import { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { acquireLeases, type Lease } from '../../../orchestrator/ledger/leases.js';
import { migrateLedger } from '../../../orchestrator/ledger/migrate.js';
import { ensureTopic, planBatch, type NewBatch } from '../../../orchestrator/ledger/planning.js';
import { commitStaging, type StagedBatch } from '../../../orchestrator/ledger/staging.js';
import { ensureTable } from '../../../orchestrator/ledger/tables.js';
import { databaseName, tableName, tablePath } from '../../../orchestrator/plan/table-names.js';
import { startPostgres } from '../runner/postgres.js';

/** The real ledger in a Postgres of the test's own, with the drivers' limited role. */
export interface FreshLedger {
  readonly database: LedgerDatabase;
  readonly databaseUrl: string;
  readonly runnerUrl: string;
  /** Connection of the limited role; closed with the ledger. */
  asRunner(): Promise<pg.Client>;
  close(): Promise<void>;
}

export async function openLedger(): Promise<FreshLedger> {
  const postgres = await startPostgres();
  const password = randomBytes(8).toString('hex');
  const admin = await postgres.connect();
  await admin.query(`CREATE ROLE dimagi_runner LOGIN PASSWORD '${password}'`);
  await admin.end();
  const url = (user: string, secret: string): string =>
    `postgresql://${user}:${secret}@127.0.0.1:${postgres.port}/postgres`;
  const databaseUrl = url('postgres', postgres.password);
  const database = new LedgerDatabase(databaseUrl, { max: 25 });
  const runnerUrl = url('dimagi_runner', password);
  await migrateLedger(database, runnerUrl);
  const clients: pg.Client[] = [];
  return {
    database,
    databaseUrl,
    runnerUrl,
    async asRunner() {
      const client = new pg.Client({ connectionString: runnerUrl });
      await client.connect();
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.end()));
      await database.close();
      await postgres.close();
    },
  };
}

/** @throws Error when another holds it */
export async function lease(database: LedgerDatabase, name: string, owner = 'test'): Promise<Lease> {
  const [taken] = (await acquireLeases(database, [name], owner)) ?? [];
  if (taken === undefined) throw new Error(`${name} is held by another`);
  return taken;
}

/** As if the holder had not renewed for long: by the database's clock, which alone counts. */
export async function expire(database: LedgerDatabase, name: string): Promise<void> {
  await database.query("UPDATE lease SET expires_at = now() - interval '1 millisecond' WHERE name = $1", [
    name,
  ]);
}

/** A topic of one test, with its active configuration and its poller's lease. */
export class TopicUnderTest {
  readonly name: string;
  readonly lease: Lease;
  readonly configVersionId: bigint;
  readonly #database: LedgerDatabase;
  #offset = 0n;

  private constructor(database: LedgerDatabase, name: string, held: Lease, configVersionId: bigint) {
    this.#database = database;
    this.name = name;
    this.lease = held;
    this.configVersionId = configVersionId;
  }

  static async open(database: LedgerDatabase, name: string): Promise<TopicUnderTest> {
    await ensureTopic(database, name);
    const config = { sha256: 'sha', text: 'domains: {}', hooks: new Map(), hashKeyCheck: null };
    const configVersionId = await database.transaction((tx) => activateConfig(tx, config));
    return new TopicUnderTest(database, name, await lease(database, `poller:${name}`), configVersionId);
  }

  newBatch(more: Partial<NewBatch> = {}): NewBatch {
    return {
      topic: this.name,
      configVersionId: this.configVersionId,
      ranges: [{ partition: 0, from: this.#offset, until: this.#offset + 10n }],
      manifestPath: 'runs/plan/ids.ndjson.gz',
      manifestSha256: 'x',
      ids: 3,
      newestPublishTimestamp: null,
      oddMessages: [],
      ...more,
    };
  }

  /** Plans the next ten offsets of partition 0. */
  async plan(): Promise<Batch> {
    const id = await planBatch(this.#database, this.lease, this.newBatch());
    this.#offset += 10n;
    return readBatch(this.#database, id);
  }

  async stage(batch: Batch, staged: Partial<StagedBatch> = {}): Promise<void> {
    const looked = { kind: 'case', records: [] } as const;
    const all = {
      stagingPath: `runs/${batch.id}`,
      lanes: [],
      places: [],
      quarantined: [],
      looked,
      ...staged,
    };
    const held = await lease(this.#database, `stage:${batch.id}`);
    await this.#database.transaction((tx) => commitStaging(tx, held, batch, all));
  }
}

export async function table(database: LedgerDatabase, domain: string, type: string): Promise<bigint> {
  const naming = { path: tablePath, database: databaseName, table: tableName };
  const key = { domain, kind: 'case' as const, type, friendly: undefined };
  return (await database.transaction((tx) => ensureTable(tx, key, naming))).id;
}

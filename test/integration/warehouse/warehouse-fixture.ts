import type { TestContext } from 'node:test';
import pg from 'pg';
import {
  readWarehouseEnvironment,
  type WarehouseEnvironment,
} from '../../../orchestrator/config/environment.js';
import type { Sql } from '../../../orchestrator/sql/text.js';
import {
  Warehouse,
  type Staging,
  type StagingAudit,
  type WarehouseTable,
} from '../../../orchestrator/warehouse/warehouse.js';
import { PostgresServer } from '../../helpers/postgres-server.js';

/** Children weighed per centre: what a monthly aggregation looks like, in three columns and two levels. */
export const WEIGHED: WarehouseTable = {
  table: 'weighed',
  description: 'Children weighed',
  grain: 'one row per centre',
  monthly: true,
  keys: ['centre_id'],
  indexes: [['district_id']],
  columns: [
    { name: 'domain', type: 'string', description: "HQ's domain" },
    { name: 'month', type: 'date', description: 'First of month' },
    { name: 'district_id', type: 'string', description: 'Id of the district' },
    { name: 'centre_id', type: 'string', description: 'Id of the centre' },
    { name: 'children', type: 'long', description: 'Children weighed' },
  ],
};

export const JANUARY = '2026-01-01';
export const FEBRUARY = '2026-02-01';

/** A row of {@link WEIGHED} without its domain and month. */
export interface Weighed {
  readonly district: string | null;
  readonly centre: string | null;
  readonly children: number;
}

/** So many centres with the same number of children each: a month is whole when all have one number. */
export function centres(count: number, children: number): Weighed[] {
  return Array.from({ length: count }, (_, at) => ({ district: `d${at % 3}`, centre: `c${at}`, children }));
}

/** One server for a file; a database, its owner and a warehouse for a test. */
export class WarehouseServer {
  readonly #postgres: PostgresServer;
  #databases = 0;

  private constructor(postgres: PostgresServer) {
    this.#postgres = postgres;
  }

  static async start(): Promise<WarehouseServer> {
    const postgres = await PostgresServer.create();
    await postgres.query('postgres', 'CREATE ROLE warehouse_owner LOGIN; CREATE ROLE dashboard LOGIN');
    return new WarehouseServer(postgres);
  }

  async stop(): Promise<void> {
    await this.#postgres.remove();
  }

  /** @param further variables of the warehouse's group */
  async fresh(t: TestContext, further: Readonly<Record<string, string>> = {}): Promise<TestWarehouse> {
    const database = `warehouse_${++this.#databases}`;
    await this.#postgres.query('postgres', `CREATE DATABASE ${database} OWNER warehouse_owner`);
    const environment = readWarehouseEnvironment({
      DASHBOARD_DB_HOST: '127.0.0.1',
      DASHBOARD_DB_PORT: String(this.#postgres.port),
      DASHBOARD_DB_NAME: database,
      DASHBOARD_DB_USERNAME: 'warehouse_owner',
      WAREHOUSE_LOCK_SECONDS: '0.3',
      WAREHOUSE_LOCK_ATTEMPTS: '3',
      WAREHOUSE_READER_SECONDS: '0.3',
      ...further,
    });
    const made = new TestWarehouse(environment, this.#postgres);
    t.after(() => made.close());
    return made;
  }

  async asSuperuser(database: string, text: string): Promise<Record<string, unknown>[]> {
    return this.#postgres.query(database, text);
  }
}

export class TestWarehouse {
  readonly warehouse: Warehouse;
  readonly environment: WarehouseEnvironment;
  readonly #postgres: PostgresServer;
  readonly #clients: pg.Client[] = [];

  constructor(environment: WarehouseEnvironment, postgres: PostgresServer) {
    this.environment = environment;
    this.warehouse = new Warehouse(environment);
    this.#postgres = postgres;
  }

  /** A session of a reader, or of the tables' owner. */
  async connect(user = 'warehouse_owner'): Promise<pg.Client> {
    const client = new pg.Client(this.#postgres.url(this.environment.DASHBOARD_DB_NAME, user));
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#postgres.query(this.environment.DASHBOARD_DB_NAME, text, values);
  }

  /** A staging table with rows in it, as Spark leaves it. */
  async stage(
    domain: string,
    month: string,
    token: bigint,
    rows: readonly Weighed[],
    table: WarehouseTable = WEIGHED,
  ): Promise<Staging> {
    const staging = await this.warehouse.openStaging(table, { domain, month }, token);
    await this.write(staging, rows);
    return staging;
  }

  async write(staging: Staging, rows: readonly Weighed[]): Promise<void> {
    await this.query(
      `INSERT INTO dimagi_lake_staging.${pg.escapeIdentifier(staging.name)} (domain, month, district_id, centre_id, children)
       SELECT $1, $2::date, r.district, r.centre, r.children
       FROM jsonb_to_recordset($3) AS r(district text, centre text, children bigint)`,
      [staging.domain, staging.month, JSON.stringify(rows)],
    );
  }

  /** A whole load. @returns rows in the month */
  async load(
    domain: string,
    month: string,
    token: bigint,
    rows: readonly Weighed[],
    options: { table?: WarehouseTable; audits?: (staging: Sql) => readonly StagingAudit[] } = {},
  ): Promise<bigint> {
    const table = options.table ?? WEIGHED;
    await this.warehouse.prepare(table);
    const staging = await this.stage(domain, month, token, rows, table);
    await this.warehouse.finishStaging(staging, {
      rows: BigInt(rows.length),
      ...(options.audits === undefined ? {} : { audits: options.audits }),
    });
    return this.warehouse.swap(staging, { sources: new Map([['raw_weight_form', token]]) });
  }

  /** Distinct numbers of children, and rows, of a month. */
  async month(domain: string, month: string): Promise<{ rows: number; numbers: number[] }> {
    const [found] = await this.query(
      `SELECT count(*)::int AS rows, coalesce(array_agg(DISTINCT children::int), '{}') AS numbers
       FROM weighed WHERE domain = $1 AND month = $2`,
      [domain, month],
    );
    return found as unknown as { rows: number; numbers: number[] };
  }

  async stagingTables(): Promise<string[]> {
    const rows = await this.query(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'dimagi_lake_staging' ORDER BY 1",
    );
    return rows.map((row) => String(row['tablename']));
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.end().catch(() => undefined);
    await this.warehouse.close();
  }
}

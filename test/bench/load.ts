import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import type { ModelColumn } from '../../orchestrator/aggregation/model.js';
import {
  readWarehouseEnvironment,
  type WarehouseEnvironment,
} from '../../orchestrator/config/environment.js';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { identifier } from '../../orchestrator/sql/identifier.js';
import { renderLoad } from '../../orchestrator/sql/load-warehouse.js';
import { joinSql, sql, type Sql } from '../../orchestrator/sql/text.js';
import { Warehouse, type WarehouseTable } from '../../orchestrator/warehouse/warehouse.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { openLakeSpark } from './lake-spark.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { readable } from './statistics.js';

/** As wide as a month of child_care: ids, names, flags and measures. */
const COLUMNS: readonly (readonly [ModelColumn['name'], ModelColumn['type'], Sql])[] = [
  ['domain', 'string', sql`'bench'`],
  ['month', 'date', sql`DATE'2026-01-01'`],
  ['child_id', 'string', sql`md5(CAST(id AS STRING))`],
  ...['state', 'district', 'project', 'supervisor', 'flwc'].flatMap(
    (level, at): [string, ModelColumn['type'], Sql][] => [
      [`${level}_id`, 'string', sql`md5(CAST(id % ${10 ** at} AS STRING))`],
      [`${level}_name`, 'string', sql`concat('A place of this programme ', id % ${10 ** at})`],
    ],
  ),
  ['name', 'string', sql`concat('A child of the programme ', id)`],
  ['born', 'date', sql`date_add(DATE'2020-01-01', CAST(id % 2000 AS INT))`],
  ['seen_at', 'timestamp', sql`timestamp_seconds(1700000000 + id)`],
  ...['weight', 'height', 'birth_weight'].map((name): [string, ModelColumn['type'], Sql] => [
    name,
    'double',
    sql`id % 997 / 7D`,
  ]),
  ...Array.from({ length: 12 }, (_, at): [string, ModelColumn['type'], Sql] => [
    `flag_${at}`,
    'integer',
    sql`CAST(id % ${at + 2} AS INT)`,
  ]),
];

const TABLE: WarehouseTable = {
  table: 'bench_load',
  description: 'Rows of the bench',
  grain: 'one row per child',
  monthly: true,
  keys: ['child_id'],
  indexes: [['flwc_id']],
  columns: COLUMNS.map(([name, type]) => ({ name, type, description: '' })),
};

/** A month into the warehouse by Spark's JDBC writer, against COPY of the same rows by psql. */
export const load: Measurement = {
  name: 'load',
  title: `Rows of ${COLUMNS.length} columns from the lake into the warehouse, against COPY of the same rows`,
  needsStack: true,
  async measure(bench) {
    const rows = { smoke: 2_000, quick: 100_000, full: 1_000_000 }[bench.size];
    const lake = await freshLake(bench, { env: { SPARK_DRIVER_MEMORY: '1g' } });
    const environment = readWarehouseEnvironment({ ...process.env, ...lake.env });
    const warehouse = new Warehouse(environment);
    bench.after(async () => {
      await warehouse.close();
      await withClient(environment, removeTable);
    });
    const ask = await sparkOf(bench, lake);
    const url = `file://${join(lake.folder, 'bench_load')}`;
    bench.progress(`a Delta table of ${readable(rows)} rows is made`);
    await ask(
      sql`CREATE TABLE delta.${identifier(url)} USING delta AS SELECT ${joinSql(
        COLUMNS.map(([name, , value]) => sql`${value} AS ${identifier(name)}`),
        ', ',
      )} FROM range(${rows})`,
    );
    await warehouse.prepare(TABLE);
    const staging = await warehouse.openStaging(TABLE, { domain: 'bench', month: '2026-01-01' }, 1n);
    const connections = environment.WAREHOUSE_CONNECTIONS;
    bench.progress('Spark loads it');
    const predicate = sql`\`month\` = DATE'2026-01-01'`;
    const loaded = await seconds(() =>
      ask(
        renderLoad({
          deltaUrl: url,
          version: 0n,
          predicate,
          columns: TABLE.columns,
          staging: staging.name,
          connections,
        }),
      ),
    );
    const finished = await seconds(() => warehouse.finishStaging(staging, { rows: BigInt(rows) }));
    const swapped = await seconds(() => warehouse.swap(staging, { sources: new Map() }));
    bench.progress('psql copies it');
    const copied = copySeconds(environment, join(lake.folder, 'rows.csv'));
    return [
      rate('Spark, JDBC into the staging table', rows, loaded, `warm driver, ${connections} connections`),
      ...(copied === undefined
        ? []
        : [
            rate('psql \\copy of the same rows into an empty table', rows, copied, 'one connection'),
            { what: 'JDBC load against COPY', value: copied / loaded, unit: 'times as fast' },
          ]),
      {
        what: 'counted, indexed, analysed, checked',
        value: finished,
        unit: 's',
        ...(copied === undefined ? { how: 'no psql on PATH, so nothing to compare the load with' } : {}),
      },
      { what: 'swapped in', value: swapped, unit: 's' },
    ];
  },
};

/** Statements by a driver, which stays warm from the first on. */
async function sparkOf(bench: Bench, lake: FreshLake): Promise<(statement: Sql) => Promise<void>> {
  const spark = openLakeSpark(lake);
  bench.after(() => spark.close());
  await migrateLedger(spark.database, spark.environment.LEDGER_RUNNER_DATABASE_URL);
  return (statement) => spark.run(statement);
}

/** @returns undefined when there is no psql */
function copySeconds(environment: WarehouseEnvironment, file: string): number | undefined {
  if (spawnSync('psql', ['--version']).status !== 0) return undefined;
  const psql = (command: string): void => {
    const { status, stderr } = spawnSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        PGHOST: environment.DASHBOARD_DB_HOST,
        PGPORT: String(environment.DASHBOARD_DB_PORT),
        PGDATABASE: environment.DASHBOARD_DB_NAME,
        PGUSER: environment.DASHBOARD_DB_USERNAME,
        PGPASSWORD: environment.DASHBOARD_DB_PASSWORD ?? '',
      },
    });
    if (status !== 0) throw new Error(`psql failed: ${stderr}`);
  };
  psql(`\\copy (SELECT * FROM public.bench_load) TO '${file}'`);
  psql('CREATE TABLE dimagi_lake_staging.bench_copy (LIKE public.bench_load)');
  const begin = performance.now();
  psql(`\\copy dimagi_lake_staging.bench_copy FROM '${file}'`);
  return (performance.now() - begin) / 1000;
}

async function removeTable(client: pg.Client): Promise<void> {
  await client.query('DROP TABLE IF EXISTS public.bench_load, dimagi_lake_staging.bench_copy');
  await client.query("DELETE FROM dimagi_lake.load WHERE table_name = 'bench_load'");
}

async function withClient(
  environment: WarehouseEnvironment,
  act: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({
    host: environment.DASHBOARD_DB_HOST,
    port: environment.DASHBOARD_DB_PORT,
    database: environment.DASHBOARD_DB_NAME,
    user: environment.DASHBOARD_DB_USERNAME,
    password: environment.DASHBOARD_DB_PASSWORD,
  });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await act();
  return (performance.now() - begin) / 1000;
}

function rate(what: string, rows: number, time: number, how: string): Figure {
  return { what, value: rows / time, unit: 'rows/s', how: `${readable(time)} s, ${how}` };
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderLoad } from '../../../orchestrator/sql/load-warehouse.js';
import { sql } from '../../../orchestrator/sql/text.js';
import type { WarehouseTable } from '../../../orchestrator/warehouse/warehouse.js';
import { Workshop, type Driver } from '../runner/driver.js';
import { startLedger, type TestLedger } from '../runner/ledger.js';
import { laneOf, readResult, type LaneResult } from '../runner/result.js';
import { centres, JANUARY, WarehouseServer, WEIGHED, type TestWarehouse } from './warehouse-fixture.js';

const PASSWORD = 'not-to-be-seen-anywhere';

let server: WarehouseServer;
let ledger: TestLedger;
let workshop: Workshop;
before(async () => {
  server = await WarehouseServer.start();
  ledger = await startLedger();
  workshop = new Workshop();
});
after(async () => {
  await workshop.close();
  await ledger.close();
  await server.stop();
});

/** Starts a driver with one lane of these statements. */
async function start(made: TestWarehouse, run: string, statements: readonly string[]): Promise<Driver> {
  const { token } = await ledger.addRun({ run });
  const runFile = workshop.writeRun(run, { load: statements });
  const { DASHBOARD_DB_PORT: port, DASHBOARD_DB_NAME: database } = made.environment;
  return workshop.start({
    args: ['--run', run, '--token', token, '--run-file', runFile],
    env: {
      ...ledger.env,
      WAREHOUSE_JDBC_URL: `jdbc:postgresql://127.0.0.1:${port}/${database}`,
      WAREHOUSE_USERNAME: 'warehouse_owner',
      WAREHOUSE_PASSWORD: PASSWORD,
    },
    properties: {
      // A task that fails is tried again, as on a cluster.
      'spark.master': 'local[2,4]',
      'spark.sql.session.timeZone': 'UTC',
      'user.timezone': 'UTC',
      'spark.sql.ansi.enabled': 'true',
      'spark.eventLog.enabled': 'true',
      'spark.eventLog.compress': 'false',
      'spark.eventLog.rolling.enabled': 'false',
      'spark.eventLog.dir': `file://${workshop.folder}`,
    },
  });
}

async function runToEnd(
  made: TestWarehouse,
  run: string,
  statements: readonly string[],
): Promise<LaneResult> {
  const driver = await start(made, run, statements);
  await driver.exit;
  assert.doesNotMatch(driver.log(), new RegExp(PASSWORD));
  return laneOf(readResult(workshop.resultPath(run)), 'load');
}

function weighedTable(path: string, rows: string): string {
  return `CREATE TABLE delta.\`${workshop.url(path)}\` USING delta AS
SELECT 'demo' AS domain, DATE'${JANUARY}' AS month, 'd' AS district_id, concat('c', id) AS centre_id, 3L AS children FROM ${rows}`;
}

function loadOf(path: string, staging: string, connections = 2): string {
  return renderLoad({
    deltaUrl: workshop.url(path),
    version: 0n,
    predicate: sql`\`month\` = DATE'2026-01-01'`,
    columns: WEIGHED.columns,
    staging,
    connections,
  });
}

/** Until a session waits at an advisory lock. Spark may take a minute to get there. */
async function untilOneWaits(made: TestWarehouse): Promise<void> {
  for (;;) {
    const waiting = await made.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
    if (waiting.length > 0) return;
    await sleep(100);
  }
}

const ODD: WarehouseTable = {
  table: 'odd_values',
  description: 'Values of every type',
  grain: 'one row per id',
  monthly: true,
  keys: ['id'],
  indexes: [],
  columns: [
    { name: 'domain', type: 'string', description: '' },
    { name: 'month', type: 'date', description: '' },
    { name: 'id', type: 'integer', description: '' },
    { name: 'a"text"', type: 'string', description: '' },
    { name: 'n', type: 'long', description: '' },
    { name: 'x', type: 'double', description: '' },
    { name: 'amount', type: 'decimal(20,4)', description: '' },
    { name: 'born', type: 'date', description: '' },
    { name: 'at', type: 'timestamp', description: '' },
    { name: 'alive', type: 'boolean', description: '' },
  ],
};

test('values of every type arrive as they are, NUL left out; the password is shown nowhere', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(ODD);
  const staging = await made.warehouse.openStaging(ODD, { domain: 'demo', month: JANUARY }, 1n);
  const lane = await runToEnd(made, 'types', [
    `CREATE TABLE delta.\`${workshop.url('odd')}\` USING delta AS SELECT 'demo' AS domain, DATE'${JANUARY}' AS month, * FROM VALUES
(1, 'a\\u0000b', 9223372036854775807L, 1.5D, CAST(1234567890123456.7891 AS DECIMAL(20,4)), DATE'2024-02-29', TIMESTAMP'2024-02-29 23:59:59.123456Z', true),
(2, '', -9223372036854775808L, CAST('-Infinity' AS DOUBLE), CAST(-0.0001 AS DECIMAL(20,4)), DATE'0001-01-01', TIMESTAMP'1500-03-01 00:00:00Z', false),
(3, CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE), CAST(NULL AS DECIMAL(20,4)), CAST(NULL AS DATE), CAST(NULL AS TIMESTAMP), CAST(NULL AS BOOLEAN)),
(4, '\\'; DROP TABLE odd_values; -- \\\\ 😀', 0L, 0.1D, 0, DATE'1969-12-31', TIMESTAMP'1969-12-31 23:59:59.999999Z', true)
AS v(id, \`a"text"\`, n, x, amount, born, at, alive)`,
    renderLoad({
      deltaUrl: workshop.url('odd'),
      version: 0n,
      predicate: sql`\`month\` = DATE'2026-01-01'`,
      columns: ODD.columns,
      staging: staging.name,
      connections: 2,
    }),
    'SET spark.sql.catalog.warehouse.password',
  ]);
  assert.equal(lane.state, 'done', JSON.stringify(lane));
  assert.doesNotMatch(JSON.stringify(lane), new RegExp(PASSWORD));
  const eventLogs = readdirSync(workshop.folder)
    .filter((name) => /^local-\d+$/.test(name))
    .map((name) => readFileSync(join(workshop.folder, name), 'utf8'));
  assert.ok(
    eventLogs.some((text) => text.includes('spark.sql.catalog.warehouse.url')),
    'an event log was written',
  );
  for (const text of eventLogs) assert.ok(!text.includes(PASSWORD));
  await made.warehouse.finishStaging(staging, { rows: 4n });
  await made.warehouse.swap(staging, { sources: new Map() });
  const rows = await made.query(
    `SELECT id, "a""text""" AS text, n::text, x, amount::text, born::text, (at AT TIME ZONE 'UTC')::text AS at, alive
     FROM odd_values ORDER BY id`,
  );
  assert.deepEqual(rows, [
    {
      id: 1,
      text: 'ab',
      n: '9223372036854775807',
      x: 1.5,
      amount: '1234567890123456.7891',
      born: '2024-02-29',
      at: '2024-02-29 23:59:59.123456',
      alive: true,
    },
    {
      id: 2,
      text: '',
      n: '-9223372036854775808',
      x: -Infinity,
      amount: '-0.0001',
      born: '0001-01-01',
      at: '1500-03-01 00:00:00',
      alive: false,
    },
    { id: 3, text: null, n: null, x: null, amount: null, born: null, at: null, alive: null },
    {
      id: 4,
      text: "'; DROP TABLE odd_values; -- \\ 😀",
      n: '0',
      x: 0.1,
      amount: '0.0000',
      born: '1969-12-31',
      at: '1969-12-31 23:59:59.999999',
      alive: true,
    },
  ]);
});

test('a task that fails and is tried again writes its rows once', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const staging = await made.warehouse.openStaging(WEIGHED, { domain: 'demo', month: JANUARY }, 1n);
  // A sequence does not go back with its transaction: row 15,000 fails once, after batches of its task were sent.
  await made.query(`CREATE SEQUENCE tries;
    CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF nextval('public.tries') = 15000 THEN RAISE EXCEPTION 'once'; END IF; RETURN NEW; END $$;
    GRANT ALL ON SEQUENCE tries TO PUBLIC;
    CREATE TRIGGER fail_once BEFORE INSERT ON dimagi_lake_staging.${staging.name} FOR EACH ROW EXECUTE FUNCTION fail_once()`);
  const lane = await runToEnd(made, 'retried', [
    weighedTable('retried', 'range(20000)'),
    loadOf('retried', staging.name),
  ]);
  assert.equal(lane.state, 'done', JSON.stringify(lane));
  const [tries] = await made.query('SELECT last_value::int AS tries FROM tries');
  assert.ok(Number(tries?.['tries']) > 20_000, 'no task was tried again');
  await made.query(`DROP TRIGGER fail_once ON dimagi_lake_staging.${staging.name}`);
  await made.warehouse.finishStaging(staging, { rows: 20_000n });
  await made.warehouse.swap(staging, { sources: new Map() });
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 20_000, numbers: [3] });
});

test('a driver that is killed in the middle of its load leaves the old month, and the next load no litter', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(5, 1));
  const staging = await made.warehouse.openStaging(WEIGHED, { domain: 'demo', month: JANUARY }, 2n);
  const gate = await made.connect('postgres');
  await gate.query('SELECT pg_advisory_lock(1)');
  await made.query(`CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.centre_id = 'c7000' THEN PERFORM pg_advisory_xact_lock(1); END IF; RETURN NEW; END $$;
    CREATE TRIGGER wait_at_gate BEFORE INSERT ON dimagi_lake_staging.${staging.name} FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`);
  const driver = await start(made, 'killed', [
    weighedTable('killed', 'range(20000)'),
    loadOf('killed', staging.name),
  ]);
  await Promise.race([untilOneWaits(made), driver.exit]);
  driver.kill();
  await driver.exit;
  await gate.query('SELECT pg_advisory_unlock(1)');
  await assert.rejects(
    made.warehouse.finishStaging(staging, { rows: 20_000n }),
    /rows arrived, the lake has 20000/,
  );
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 5, numbers: [1] });
  await made.load('demo', JANUARY, 3n, centres(4, 3));
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 4, numbers: [3] });
  assert.deepEqual(await made.stagingTables(), []);
});

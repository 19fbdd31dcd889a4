import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import type { Staging } from '../../../orchestrator/warehouse/warehouse.js';
import { centres, JANUARY, WarehouseServer, WEIGHED, type TestWarehouse } from './warehouse-fixture.js';

const PROGRAM = join(PACKAGE_ROOT, 'dist/test/integration/warehouse/load-process.js');
const ROWS = 500;

let server: WarehouseServer;
before(async () => {
  server = await WarehouseServer.start();
});
after(() => server.stop());

function startLoad(made: TestWarehouse, staging: Staging, killedAfter: string): ChildProcess {
  const environment = Object.fromEntries(
    Object.entries(made.environment).map(([name, value]) => [name, String(value)]),
  );
  const { table, domain, month, name, token } = staging;
  const text = JSON.stringify({ table, domain, month, name, token: token.toString() });
  return spawn(process.execPath, [PROGRAM, text, killedAfter], {
    env: { ...process.env, ...environment, EXPECTED_ROWS: String(ROWS) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** A month with rows of run 1, and rows of run 2 staged. */
async function halfway(made: TestWarehouse): Promise<Staging> {
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  return made.stage('demo', JANUARY, 2n, centres(ROWS, 2));
}

async function backends(made: TestWarehouse): Promise<number> {
  const [found] = await made.query(
    "SELECT count(*)::int AS backends FROM pg_stat_activity WHERE datname = current_database() AND usename = 'warehouse_owner' AND application_name = 'dimagi-lake warehouse' AND state <> 'idle'",
  );
  return Number(found?.['backends']);
}

for (const [step, loaded] of [
  ['finish', 1],
  ['swap', 2],
] as const) {
  test(`killed after ${step}: the month is whole, and the same load again ends it without litter`, async (t) => {
    const made = await server.fresh(t);
    const staging = await halfway(made);
    const [, signal] = (await once(startLoad(made, staging, step), 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [loaded] });
    // A run that goes on goes on from its sealed table, or finds that it is done.
    const known = await made.warehouse.loaded(staging);
    if (known?.token !== 2n) await made.warehouse.finishStaging(staging, { rows: BigInt(ROWS) });
    await made.warehouse.swap(staging, { sources: new Map() });
    assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [2] });
    assert.deepEqual(await made.stagingTables(), []);
  });
}

test('killed in the middle of the swap: the month is whole, and the next load leaves no litter', async (t) => {
  const made = await server.fresh(t, { WAREHOUSE_LOCK_SECONDS: '30' });
  const staging = await halfway(made);
  // A reader by the leaf's own name holds up the swap where it has the socket's lock already.
  const reader = await made.connect();
  const [leaf] = await made.query('SELECT tableoid::regclass::text AS name FROM weighed LIMIT 1');
  await reader.query('BEGIN');
  await reader.query(`SELECT count(*) FROM ${String(leaf?.['name'])}`);
  const child = startLoad(made, staging, 'never');
  await untilOneWaitsForLock(made);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  await reader.query('COMMIT');
  // The session of the killed process goes when Postgres sees its connection gone.
  while ((await backends(made)) > 0) await sleep(50);
  assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [1] });
  await made.load('demo', JANUARY, 3n, centres(ROWS, 3));
  assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [3] });
  assert.deepEqual(await made.stagingTables(), []);
});

test('killed at any moment of finishing and swapping: the month is whole, and the next load leaves no litter', async (t) => {
  const made = await server.fresh(t);
  let token = 1n;
  await made.load('demo', JANUARY, token, centres(ROWS, 1));
  for (const wait of [0, 3, 6, 10, 15, 20, 30, 40, 60, 80, 120]) {
    const staging = await made.stage('demo', JANUARY, ++token, centres(ROWS, Number(token)));
    const child = startLoad(made, staging, 'never');
    const exited = once(child, 'exit');
    await once(child.stdout ?? child, 'data');
    await sleep(wait);
    child.kill('SIGKILL');
    await exited;
    while ((await backends(made)) > 0) await sleep(20);
    const { rows, numbers } = await made.month('demo', JANUARY);
    assert.equal(rows, ROWS, `killed ${wait} ms into the swap`);
    const [number = 0] = numbers;
    assert.deepEqual(numbers, [number]);
    const [noted] = await made.query(
      "SELECT token::int AS token FROM dimagi_lake.load WHERE domain = 'demo'",
    );
    assert.equal(noted?.['token'], number, 'rows and load table are of one load');
  }
  await made.load('demo', JANUARY, ++token, centres(ROWS, Number(token)));
  assert.deepEqual(await made.stagingTables(), []);
});

/** Until a session of ours waits for a relation's lock. */
async function untilOneWaitsForLock(made: TestWarehouse): Promise<void> {
  for (;;) {
    const waiting = await made.query("SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted");
    if (waiting.length > 0) return;
    await sleep(20);
  }
}

test('a run that never comes back leaves litter that the sweeper takes', async (t) => {
  const made = await server.fresh(t);
  const staging = await halfway(made);
  await once(startLoad(made, staging, 'finish'), 'exit');
  assert.equal((await made.stagingTables()).length, 1);
  assert.equal((await made.warehouse.sweepLitter(() => false)).length, 1);
  assert.deepEqual(await made.stagingTables(), []);
  assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [1] });
  // Columns and partitions of the table are as they were for the next one.
  await made.warehouse.prepare(WEIGHED);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Workshop, type Driver } from './driver.js';
import { startLedger, type TestLedger } from './ledger.js';
import { freePort } from './postgres.js';

describe('a driver that may not work', () => {
  let ledger: TestLedger;
  let workshop: Workshop;

  before(async () => {
    workshop = new Workshop();
    ledger = await startLedger();
  });
  after(async () => {
    await workshop.close();
    await ledger.close();
  });

  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Driver =>
    workshop.start({ args, env: { ...ledger.env, ...env } });
  const argsOf = (ids: { run: string; token: string }): string[] => [
    ...['--run', ids.run, '--token', ids.token, '--run-file', workshop.url('none.json')],
  ];

  test('ends with 10, before it starts Spark, when its run was voided, has another token or does not exist', async () => {
    const voided = await ledger.addRun();
    await ledger.voidRun(voided.run);
    const waiting = await ledger.addRun();
    const drivers = [
      start(argsOf(voided)),
      start(argsOf({ run: waiting.run, token: voided.token })),
      start(argsOf({ run: "'; DROP TABLE run; --", token: 'x' })),
    ];
    for (const driver of drivers) {
      assert.equal(await driver.exit, 10, driver.log());
      assert.match(driver.log(), /is not to be had/);
      assert.doesNotMatch(driver.log(), /SparkContext/);
    }
    assert.equal((await ledger.run(waiting.run)).state, 'waiting');
  });

  test('of two drivers for one run only one gets it', async () => {
    const ids = await ledger.addRun();
    // The run file is missing: the one that got the run ends with 30 and says so in the ledger.
    const codes = await Promise.all([start(argsOf(ids)).exit, start(argsOf(ids)).exit]);
    assert.deepEqual(codes.sort(), [10, 30]);
    assert.equal((await ledger.run(ids.run)).state, 'failed');
  });

  test('ends with 12 when the ledger gives no answer for a whole lease', async () => {
    const nobody = `jdbc:postgresql://127.0.0.1:${await freePort()}/postgres`;
    const ids = await ledger.addRun();
    const driver = start([...argsOf(ids), '--lease-seconds', '2'], { LEDGER_RUNNER_JDBC_URL: nobody });
    assert.equal(await driver.exit, 12, driver.log());
  });

  test('ends with 30 when an argument is missing, unknown or no number', async () => {
    const ids = await ledger.addRun();
    const drivers = [
      start(['--run', ids.run]),
      start([...argsOf(ids), '--help', 'x']),
      start([...argsOf(ids), '--lease-seconds', '0']),
      start([...argsOf(ids), '--idle-seconds']),
    ];
    for (const driver of drivers) assert.equal(await driver.exit, 30, driver.log());
    assert.equal((await ledger.run(ids.run)).state, 'waiting');
  });

  test('that dies before its claim leaves the run to be had by another', async () => {
    const ids = await ledger.addRun();
    const driver = start(argsOf(ids), { DIMAGI_LAKE_DRIVER_FAULT: 'halt-before-claim' });
    assert.equal(await driver.exit, 137);
    assert.equal((await ledger.run(ids.run)).state, 'waiting');
  });
});

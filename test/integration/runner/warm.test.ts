import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Workshop } from './driver.js';
import { startLedger, type TestLedger } from './ledger.js';
import { laneOf, readResult } from './result.js';

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

test('a warm driver goes on after a failed and an unusable run, carries nothing over, and ends with 0 when idle', async () => {
  const offer = async (statements: readonly string[]): Promise<string> => {
    const run = randomUUID();
    await ledger.addRun({ run, warm: { runFile: workshop.writeRun(run, { lane: statements }) } });
    return run;
  };
  const failing = await offer(['SET spark.test.left=over', 'SELECT * FROM nowhere']);
  const driver = workshop.start({ args: ['--idle-seconds', '4'], env: ledger.env });
  await ledger.until(failing, ({ state }) => state === 'failed');
  const { run: unusable } = await ledger.addRun({ warm: { runFile: workshop.url('absent.json') } });
  await ledger.until(unusable, ({ state }) => state === 'failed');
  const good = await offer(['SET spark.test.left']);
  await ledger.until(good, ({ state }) => state === 'done');
  assert.equal(await driver.exit, 0, driver.log().slice(-3000));

  const [first, last] = [failing, good].map((run) => readResult(workshop.resultPath(run)));
  assert.ok(first !== undefined && last !== undefined);
  assert.equal(last.driver, first.driver);
  assert.ok(first.sessionSeconds > 0);
  assert.equal(last.sessionSeconds, 0);
  assert.equal(laneOf(last, 'lane').statements[0]?.row?.['value'], '<undefined>');
});

test('a warm driver ends after a failure that has no known cause, and leaves what waits to another', async () => {
  const run = randomUUID();
  await ledger.addRun({ run, warm: { runFile: workshop.writeRun(run, { lane: ['SELECT 1'] }) } });
  const waiting = randomUUID();
  const driver = workshop.start({
    args: ['--idle-seconds', '600'],
    env: { ...ledger.env, DIMAGI_LAKE_DRIVER_FAULT: 'fail-statement' },
  });
  await ledger.until(run, ({ state }) => state === 'failed');
  await ledger.addRun({
    run: waiting,
    warm: { runFile: workshop.writeRun(waiting, { lane: ['SELECT 1'] }) },
  });
  assert.equal(await driver.exit, 20, driver.log().slice(-3000));
  assert.equal((await ledger.run(waiting)).state, 'waiting');
  const error = laneOf(readResult(workshop.resultPath(run)), 'lane').statements[0]?.error;
  assert.ok(error);
  assert.equal(error.class, null);
  assert.match(error.root, /^java\.lang\.IllegalStateException at org\.dimagi\.lake\.runner\.Faults\./);
});

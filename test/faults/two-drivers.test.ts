import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Workshop, untilFrozen, type Driver } from '../integration/runner/driver.js';
import { startLedger, type TestLedger } from '../integration/runner/ledger.js';
import { laneOf, readResult } from '../integration/runner/result.js';

/**
 * What happens to a batch when its driver dies, freezes or is taken for lost and another does the batch again: a new
 * run with the same statements and the same txn pairs.
 */
describe('a batch whose driver is given up', () => {
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

  const table = (name: string): string => `delta.\`${workshop.url(name)}\``;
  const counted = (version: number, sql: string): string[] => [
    'SET spark.databricks.delta.write.txnAppId=dl/test',
    `SET spark.databricks.delta.write.txnVersion=${version}`,
    sql,
  ];
  const create = (name: string): string =>
    `CREATE TABLE IF NOT EXISTS ${table(name)} (id BIGINT, run STRING) USING delta`;
  const insert = (name: string, id: number, mark: string): string =>
    `INSERT INTO ${table(name)} VALUES (${id}, '${mark}')`;
  const rowsOf = (name: string): string => `SELECT count(*) AS n, min(run) AS run FROM ${table(name)}`;

  async function launch(
    statements: readonly string[],
    fault = '',
    leaseSeconds = 60,
  ): Promise<{ run: string; driver: Driver }> {
    const { run, token } = await ledger.addRun();
    const runFile = workshop.writeRun(run, { lane: statements });
    const args = [
      '--run',
      run,
      '--token',
      token,
      '--run-file',
      runFile,
      '--lease-seconds',
      String(leaseSeconds),
    ];
    return { run, driver: workshop.start({ args, env: { ...ledger.env, DIMAGI_LAKE_DRIVER_FAULT: fault } }) };
  }

  async function finish(statements: readonly string[]): Promise<Record<string, string | null>[]> {
    const { run, driver } = await launch(statements);
    assert.equal(await driver.exit, 0, driver.log().slice(-3000));
    assert.equal((await ledger.run(run)).state, 'done');
    const { statements: results } = laneOf(readResult(workshop.resultPath(run)), 'lane');
    return results.flatMap(({ row }) => (row === null ? [] : [row]));
  }

  test('killed right after a commit: the next driver skips what stands and does the rest, nothing twice', async () => {
    const statements = (mark: string): string[] => [
      create('crashed'),
      ...counted(1, insert('crashed', 1, mark)),
      ...counted(2, insert('crashed', 2, mark)),
    ];
    // The first commit of the driver is the CREATE, the second the first INSERT.
    const { run, driver } = await launch(statements('first'), 'halt-after-commit:2');
    assert.equal(await driver.exit, 137, driver.log().slice(-3000));
    assert.equal((await ledger.run(run)).state, 'claimed');
    const rows = await finish([...statements('second'), rowsOf('crashed')]);
    assert.deepEqual(rows.at(-1), { n: '2', run: 'first' });
    assert.equal(workshop.commits('crashed').length, 3);
  });

  test('frozen before its commit while another does the batch: thawed, it cannot commit, even with the run still its own', async () => {
    await finish([create('frozen')]);
    const statements = (mark: string): string[] => counted(7, insert('frozen', 1, mark));
    const { run, driver } = await launch(statements('frozen'), 'freeze-before-commit:1', 600);
    await untilFrozen(driver);
    assert.deepEqual((await finish([...statements('other'), rowsOf('frozen')])).at(-1), {
      n: '1',
      run: 'other',
    });
    driver.thaw();
    assert.equal(await driver.exit, 20, driver.log().slice(-3000));
    const [, , statement] = laneOf(readResult(workshop.resultPath(run)), 'lane').statements;
    assert.equal(statement?.error?.class, 'DELTA_CONCURRENT_TRANSACTION');
    assert.equal(workshop.commits('frozen').length, 2);
    assert.deepEqual(await finish([rowsOf('frozen')]), [{ n: '1', run: 'other' }]);
  });

  test('frozen, voided and thawed: it halts and writes nothing more', async () => {
    const { run, driver } = await launch(
      [create('voided'), 'SELECT count(*) FROM range(0, 400000000000)', insert('voided', 1, 'frozen')],
      'freeze-before-statement:2',
      8,
    );
    await untilFrozen(driver);
    await ledger.voidRun(run);
    driver.thaw();
    assert.ok([11, 12].includes(await driver.exit), driver.log().slice(-3000));
    assert.equal(workshop.commits('voided').length, 1);
  });

  test('voided while a statement runs: it halts with 11 before the next', async () => {
    const { run, driver } = await launch(
      [create('lost'), 'SELECT count(*) FROM range(0, 400000000000)', insert('lost', 1, 'late')],
      '',
      8,
    );
    // Two more signs of life after the CREATE's commit: at least one is the heartbeat's, so the long statement is on.
    await workshop.untilCommitted('lost');
    const { beats } = await ledger.run(run);
    await ledger.until(run, (row) => row.beats >= beats + 2);
    await ledger.voidRun(run);
    assert.equal(await driver.exit, 11, driver.log().slice(-3000));
    assert.equal((await ledger.run(run)).state, 'voided');
    assert.equal(workshop.commits('lost').length, 1);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { migrateLedger } from '../../../orchestrator/ledger/migrate.js';
import { insertRun, readRun, voidRun, warmDriver } from '../../../orchestrator/ledger/runs.js';
import { openLedger, TopicUnderTest, type FreshLedger } from './fresh-ledger.js';

describe("the drivers' side of the ledger", () => {
  let ledger: FreshLedger;
  let runner: pg.Client;
  let topic: TopicUnderTest;
  let runs = 0;
  before(async () => {
    ledger = await openLedger();
    runner = await ledger.asRunner();
    topic = await TopicUnderTest.open(ledger.database, 'runs');
  });
  after(async () => {
    await ledger.close();
  });

  const submit = async (): Promise<string> => {
    const batch = await topic.plan();
    const id = `run-${++runs}`;
    const run = { id, batchId: batch.id, token: `token-${id}`, path: id, runFile: `file:///${id}` };
    await ledger.database.transaction((tx) => insertRun(tx, run, []));
    return id;
  };
  const ask = async (call: string, values: unknown[]): Promise<unknown> =>
    (await runner.query<{ answer: unknown }>(`SELECT ${call} AS answer`, values)).rows[0]?.answer;
  const claim = (run: string, driver = 'driver-1', token = `token-${run}`): Promise<unknown> =>
    ask('runner_claim($1, $2, $3)', [run, token, driver]);
  const finish = (run: string, outcome: string): Promise<unknown> =>
    ask('runner_finish($1, $2, $3)', [run, `token-${run}`, outcome]);

  test('one driver gets a run; the same one may ask again, another or a wrong token gets nothing', async () => {
    const run = await submit();
    assert.equal(await claim(run, 'driver-1', 'guess'), false);
    assert.equal(await claim(run), true);
    assert.equal(await claim(run), true);
    assert.equal(await claim(run, 'driver-2'), false);
    assert.equal((await readRun(ledger.database, run)).state, 'claimed');
  });

  test('a voided run is not to be had, nor kept, nor finished', async () => {
    const [waiting, held] = [await submit(), await submit()];
    assert.equal(await claim(held), true);
    assert.equal(await voidRun(ledger.database, waiting, 'submitted', 'lost'), true);
    assert.equal(await voidRun(ledger.database, held, 'claimed', 'lost'), true);
    assert.equal(await claim(waiting), false);
    assert.equal(await claim(held), false);
    assert.equal(await ask('runner_heartbeat($1, $2)', [held, `token-${held}`]), false);
    assert.equal(await finish(held, 'done'), false);
    assert.equal((await readRun(ledger.database, held)).state, 'voided');
  });

  test('a run that was claimed meanwhile is not voided as one that waits', async () => {
    const run = await submit();
    assert.equal(await claim(run), true);
    assert.equal(await voidRun(ledger.database, run, 'submitted', 'nobody claimed it'), false);
    assert.equal(await ask('runner_heartbeat($1, $2)', [run, `token-${run}`]), true);
  });

  test('an outcome is told once, and may be told again but not changed', async () => {
    const run = await submit();
    assert.equal(await finish(run, 'done'), false, 'not before it is claimed');
    await claim(run);
    assert.equal(await finish(run, 'failed'), true);
    assert.equal(await finish(run, 'failed'), true);
    assert.equal(await finish(run, 'done'), false);
    assert.equal((await readRun(ledger.database, run)).state, 'failed');
  });

  test('warm drivers take waiting runs, the oldest first, each once', async () => {
    const waiting = [await submit(), await submit(), await submit()];
    const drivers = await Promise.all(Array.from({ length: 5 }, () => ledger.asRunner()));
    const given = await Promise.all(
      drivers.map((driver, index) =>
        driver.query<{ run: string }>('SELECT * FROM runner_claim_next($1)', [`warm-${index}`]),
      ),
    );
    assert.deepEqual(given.flatMap(({ rows }) => rows.map((row) => row.run)).sort(), waiting.sort());
  });

  test('a run of a group is for drivers of that group only, and those take no other', async () => {
    const next = async (driver: string, ...group: string[]): Promise<string | undefined> => {
      const call = group.length === 0 ? 'runner_claim_next($1)' : 'runner_claim_next($1, $2)';
      const { rows } = await runner.query<{ run: string }>(`SELECT run FROM ${call}`, [driver, ...group]);
      return rows[0]?.run;
    };
    const run = { batchId: null, token: 't', path: 'p', runFile: 'file:///p' };
    const submitOf = (id: string, group: string): Promise<void> =>
      ledger.database.transaction((tx) => insertRun(tx, { ...run, id, group }, []));
    await submitOf('of-a', 'a');
    assert.equal(await next('plain'), undefined);
    assert.equal(await next('driver-b', 'b'), undefined);
    assert.equal(await warmDriver(ledger.database, 'a'), undefined);
    assert.equal(await warmDriver(ledger.database, 'b'), 'idle');
    assert.equal(await next('driver-a', 'a'), 'of-a');
    assert.equal(await warmDriver(ledger.database, 'a'), 'busy');
    const ofNone = await submit();
    assert.equal(await next('driver-b', 'b'), undefined);
    assert.equal(await next('plain'), ofNone);
  });

  test('the role reads and writes no table, and no other role may call its functions', async () => {
    const tables = await ledger.database.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    assert.ok(tables.length > 10);
    for (const { name } of tables) {
      await assert.rejects(runner.query(`SELECT 1 FROM "${name}"`), { code: '42501' }, name);
      await assert.rejects(runner.query(`DELETE FROM "${name}"`), { code: '42501' }, name);
    }
    await assert.rejects(runner.query('SELECT 1 FROM runnable_lane'), { code: '42501' });
    await assert.rejects(runner.query('CREATE TABLE mine (x int)'), { code: '42501' });
    const granted = await ledger.database.query<{ name: string }>(
      `SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname = 'public' AND has_function_privilege('dimagi_runner', p.oid, 'EXECUTE') ORDER BY 1`,
    );
    assert.deepEqual(
      granted.map(({ name }) => name),
      [
        'runner_claim',
        'runner_claim_next',
        'runner_claim_next',
        'runner_finish',
        'runner_heartbeat',
        'runner_make_room',
      ],
    );
    await ledger.database.query('CREATE ROLE stranger');
    const [stranger] = await ledger.database.query<{ may: boolean }>(
      "SELECT has_function_privilege('stranger', 'runner_claim(text, text, text)', 'EXECUTE') AS may",
    );
    assert.equal(stranger?.may, false);
  });

  test('migrations run once, however often and by however many they are asked for', async () => {
    assert.deepEqual(await migrateLedger(ledger.database, ledger.runnerUrl), []);
    await ledger.database.query('CREATE DATABASE fresh');
    const url = new URL(ledger.databaseUrl);
    url.pathname = '/fresh';
    const fresh = new LedgerDatabase(url.href);
    const done = await Promise.all([1, 2, 3].map(() => migrateLedger(fresh, ledger.runnerUrl)));
    assert.equal(done.filter((names) => names.length > 0).length, 1);
    await fresh.close();
  });

  test('a ledger that is away is worth a retry, a statement it refuses is a fault of ours', async () => {
    const away = new LedgerDatabase('postgresql://u:p@127.0.0.1:1/x');
    await assert.rejects(away.query('SELECT 1'), { code: 'LEDGER_FAILED', retryable: true });
    await assert.rejects(
      away.transaction(() => Promise.resolve()),
      { code: 'LEDGER_FAILED' },
    );
    await away.close();
    await assert.rejects(ledger.database.query('SELECT nonsense'), { code: 'INTERNAL', retryable: false });
  });

  test('a connection that breaks between two statements of a transaction fails the transaction, not the process', async () => {
    const breaking = ledger.database.transaction(async (tx) => {
      const [self] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await ledger.database.query('SELECT pg_terminate_backend($1)', [self?.pid]);
      await sleep(200);
    });
    await assert.rejects(breaking, { code: 'LEDGER_FAILED', retryable: true });
    assert.deepEqual(await ledger.database.query('SELECT 1 AS one'), [{ one: 1 }]);
  });
});

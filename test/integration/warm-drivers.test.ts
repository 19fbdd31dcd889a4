import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { runOnSpark, type ScriptsOutcome } from '../../orchestrator/pipeline/run-on-spark.js';
import { openLakeSpark } from '../bench/lake-spark.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { endDrivers, liveDrivers, memoryOfWorkers } from '../helpers/spark-drivers.js';

/** Far longer than this test may take: no driver of it ends for having been idle. */
const WARM_SECONDS = '900';
const PATIENCE_MS = 180_000;

interface Scene {
  readonly lake: FreshLake;
  /** Runs one statement in a driver of the group. */
  readonly run: (group: string, statement?: string) => Promise<ScriptsOutcome>;
}

async function open(t: TestContext, env: NodeJS.ProcessEnv): Promise<Scene> {
  await endDrivers();
  const lake = await freshLake(t, { env: { SPARK_WARM_SECONDS: WARM_SECONDS, ...env } });
  const spark = openLakeSpark(lake);
  t.after(async () => {
    await spark.close();
    await endDrivers();
  });
  await migrateLedger(spark.database, spark.environment.LEDGER_RUNNER_DATABASE_URL);
  const run = (group: string, statement = 'SELECT 1'): Promise<ScriptsOutcome> => {
    const runId = `warm-${randomUUID()}`;
    const lanes = [{ laneId: 0n, tableName: 'query', script: `${statement}\n;\n` }];
    const application = { group, name: `warm ${group}`, size: 'small' as const };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return runOnSpark(spark.context, { runId, path: `runs/${runId}`, lanes, application }, signal);
  };
  return { lake, run };
}

test('an idle driver ends when the cluster has no room for another run’s, and not before', async (t) => {
  const memory = `${Math.floor((await memoryOfWorkers()) * 0.6)}m`;
  const { lake, run } = await open(t, { SPARK_DRIVER_MEMORY: memory });

  const first = await run('one');
  const again = await run('one');
  assert.deepEqual([first.state, again.state], ['done', 'done']);
  assert.equal(again.driver, first.driver, 'its driver has stayed');

  const other = await run('two');
  assert.equal(other.state, 'done');
  const [left, ...more] = await liveDrivers();
  assert.deepEqual([left?.id, more], [other.driver, []], 'the idle driver is gone, its successor stays');
  const { rows } = await lake.ledger.query(
    `SELECT driver_group AS group, waits_for_room_since IS NOT NULL AS waited, room_made_at IS NOT NULL AS made
     FROM run ORDER BY created_at`,
  );
  assert.deepEqual(rows, [
    { group: 'one', waited: false, made: false },
    { group: 'one', waited: false, made: false },
    { group: 'two', waited: true, made: true },
  ]);
});

test('a run waits a while for a driver that is at work, and gets one of its own when that takes long', async (t) => {
  const { run } = await open(t, {});
  const { driver } = await run('one');
  const working = (seconds: number): string =>
    `SELECT java_method('java.lang.Thread', 'sleep', CAST(${seconds * 1000} AS BIGINT))`;

  const short = run('one', working(4));
  await sleep(1_000);
  assert.equal((await run('one')).driver, driver);
  assert.equal((await short).driver, driver);

  const long = run('one', working(60));
  await sleep(1_000);
  const other = await run('one');
  assert.deepEqual([other.state, other.driver === driver], ['done', false]);
  assert.deepEqual([(await long).state, (await long).driver], ['done', driver]);
});

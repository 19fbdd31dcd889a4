import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { runOnSpark, type ScriptsOutcome } from '../../orchestrator/pipeline/run-on-spark.js';
import { openLakeSpark } from '../bench/lake-spark.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { endDrivers, liveDrivers, memoryOfWorkers } from '../helpers/spark-drivers.js';

/** Far longer than this test may take: no driver of it ends for having been idle. */
const WARM_SECONDS = '900';
const PATIENCE_MS = 180_000;

test('an idle driver ends when the cluster has no room for another run’s, and not before', async (t) => {
  await endDrivers();
  const memory = `${Math.floor((await memoryOfWorkers()) * 0.6)}m`;
  const lake = await freshLake(t, { env: { SPARK_DRIVER_MEMORY: memory, SPARK_WARM_SECONDS: WARM_SECONDS } });
  const spark = openLakeSpark(lake);
  t.after(async () => {
    await spark.close();
    await endDrivers();
  });
  await migrateLedger(spark.database, spark.environment.LEDGER_RUNNER_DATABASE_URL);
  const run = (group: string): Promise<ScriptsOutcome> => {
    const runId = `room-${randomUUID()}`;
    const lanes = [{ laneId: 0n, tableName: 'query', script: 'SELECT 1\n;\n' }];
    const application = { group, name: `room ${group}`, size: 'small' as const };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return runOnSpark(spark.context, { runId, path: `runs/${runId}`, lanes, application }, signal);
  };

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

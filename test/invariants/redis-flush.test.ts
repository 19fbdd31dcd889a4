import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { killService, restartService } from '../../deploy/stack/stack.js';
import { casesConfig, loadCases, ONE_PARTITION } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { stackVariable } from '../helpers/stack-environment.js';

/** Ten messages become three batches, so that work is always under way. */
const SMALL_BATCHES = { MAX_RECORDS_TO_PROCESS: '4' };

test('a Redis that is flushed in the middle of the work costs nothing but time', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION, env: SMALL_BATCHES });
  await loadCases(lake);
  const redis = new Redis(stackVariable('REDIS_URL'));
  t.after(() => {
    redis.disconnect();
  });
  const running = lake.start('case-sql');
  for (const moment of ['batch planned', 'batch staged', 'lane merged', 'batch committed']) {
    await running.says(moment);
    assert.equal(await redis.flushall(), 'OK');
  }
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
});

test('a Redis that is killed and comes back empty is filled again from the ledger', async (t) => {
  const dir = stackVariable('TEST_STACK_DIR');
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION, env: SMALL_BATCHES });
  await loadCases(lake);
  const running = lake.start('case-sql');
  t.after(() => restartService({ dir: dir }, 'redis'));
  await running.says('batch staged');
  killService(dir, 'redis');
  await running.says('queue worker error');
  const { env } = await restartService({ dir: dir }, 'redis');
  assert.equal(env['REDIS_URL'], stackVariable('REDIS_URL'), 'Redis came back at its place');
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
});

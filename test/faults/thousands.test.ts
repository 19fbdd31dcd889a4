import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { casesConfig, createCases, updateCases } from '../helpers/case-domain.js';
import { claimingDriver } from '../helpers/driver-process.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { until } from '../helpers/until.js';

const CASES = ['case-sql'] as const;
const CHILDREN = 2_000;
const MOTHERS = 1_000;

/** Not at a chosen line, as in crash.test.ts, but wherever the work happens to be: thousands of records under way. */
test('kills and a flush in the middle of a batch of thousands leave each record in the lake once', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig });
  const ids = [
    ...(await createCases(lake, 'child', CHILDREN)),
    ...(await createCases(lake, 'mother', MOTHERS)),
  ];

  await t.test('the orchestrator, while it extracts and stages', async () => {
    const first = lake.start('case-sql');
    await batchIs(lake, "state = 'planned' AND extraction = 1");
    first.kill('SIGKILL');
    await first.ended;
    assert.deepEqual(await openBatch(lake), { state: 'planned', ids: ids.length, lanes: 0 });
    await endsRight(lake);
  });

  await t.test('the driver, while it merges, and Redis flushed over it', async () => {
    await updateCases(lake, ids, { weight: '8', village: 'Sonpur' });
    const redis = new Redis(stackVariable('REDIS_URL'));
    const running = lake.start('case-sql');
    const driver = await claimingDriver(lake);
    process.kill(driver.pid, 'SIGKILL');
    assert.equal(await redis.flushall(), 'OK');
    redis.disconnect();
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    await endsRight(lake);
  });

  await t.test('the orchestrator, while the driver merges', async () => {
    await updateCases(lake, ids, { weight: '9', village: 'Rampur' });
    const running = lake.start('case-sql');
    await claimingDriver(lake);
    running.kill('SIGKILL');
    await running.ended;
    assert.deepEqual(await openBatch(lake), { state: 'staged', ids: ids.length, lanes: 2 });
    await endsRight(lake);
    const { rows } = await lake.ledger.query(
      "SELECT sum(updated)::int AS updated FROM lane WHERE state = 'committed'",
    );
    assert.deepEqual(rows, [{ updated: 2 * ids.length }], 'each of the two updates was made once');
  });
});

async function batchIs(lake: FreshLake, condition: string): Promise<void> {
  await until(`a batch is so: ${condition}`, async () => {
    const { rowCount } = await lake.ledger
      .query(`SELECT 1 FROM batch WHERE ${condition}`)
      .catch(() => ({ rowCount: 0 }));
    return rowCount === 1;
  });
}

/** The one batch that is not committed. */
async function openBatch(lake: FreshLake): Promise<unknown> {
  const { rows } = await lake.ledger.query(
    `SELECT state, ids, (SELECT count(*)::int FROM lane l WHERE l.batch_id = b.id) AS lanes
     FROM batch b WHERE state <> 'committed'`,
  );
  assert.equal(rows.length, 1);
  return rows[0];
}

async function endsRight(lake: FreshLake): Promise<void> {
  await lake.ingestAll(CASES);
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, CASES);
}

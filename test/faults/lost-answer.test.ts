import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, loadCases } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { startRestProxy } from '../helpers/rest-proxy.js';
import { endedDrivers } from '../helpers/spark-drivers.js';
import { until } from '../helpers/until.js';

test('an answer to create that is lost after Spark took the request: the one driver claims the run and does it', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig });
  await loadCases(lake);
  const proxy = await startRestProxy(t, (act, count) => (act === 'create' && count === 1 ? 'cut' : 'pass'));
  await lake.ingestAll(['case-sql'], { SPARK_REST_URLS: proxy.url });
  assert.deepEqual(await runs(lake), [{ state: 'done', claimed: true, answered: false }]);
  assert.equal(creates(proxy.acts), 1, 'no second driver was asked for');
  await requireRight(lake);
});

test('a create that never arrives is given up, another does the work, and the request that comes late is refused', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig });
  await loadCases(lake);
  const proxy = await startRestProxy(t, (act, count) => (act === 'create' && count === 1 ? 'hold' : 'pass'));
  await lake.ingestAll(['case-sql'], { SPARK_REST_URLS: proxy.url });
  const settled = [
    { state: 'voided', claimed: false, answered: false },
    { state: 'done', claimed: true, answered: true },
  ];
  assert.deepEqual(await runs(lake), settled);
  assert.equal(creates(proxy.acts), 2);
  await requireRight(lake);

  const before = await endedDrivers();
  const versions = lake.deltaVersions();
  assert.deepEqual(await proxy.deliverHeld(), [200]);
  const late = await until('the late driver has ended', async () =>
    (await endedDrivers()).find((driver) => !before.some((known) => known.id === driver.id)),
  );
  assert.equal(late.state, 'FAILED', 'a driver that may not work ends with a code that says so');
  assert.deepEqual(await runs(lake), settled, 'it claimed nothing');
  assert.deepEqual(lake.deltaVersions(), versions, 'it wrote nothing');
});

async function requireRight(lake: FreshLake): Promise<void> {
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
}

function creates(acts: readonly string[]): number {
  return acts.filter((act) => act === 'create').length;
}

async function runs(lake: FreshLake): Promise<unknown[]> {
  const { rows } = await lake.ledger.query<Record<string, unknown>>(
    `SELECT state, claimed_at IS NOT NULL AS claimed, submission_id IS NOT NULL AS answered
     FROM run ORDER BY created_at`,
  );
  return rows;
}

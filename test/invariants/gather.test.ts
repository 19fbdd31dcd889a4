import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { casesConfig, createCases } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { until } from '../helpers/until.js';

const CHANGES = 10;
/** More than a look of the poller takes, so that each change could be a batch of its own. */
const BETWEEN_MS = 500;

test('what comes while a batch is at work gathers in the batches after it, and all of it arrives once', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig });
  const batches = async (): Promise<{ ids: number; state: string }[]> => {
    const { rows } = await lake.ledger.query<{ ids: number; state: string }>(
      'SELECT ids, state FROM batch WHERE ids > 0 ORDER BY sequence',
    );
    return rows;
  };
  const orchestrator = lake.start('case-sql', {}, ['--json']);
  await createCases(lake, 'child', 1);
  await until('the first batch is with a driver', async () => {
    const { rowCount } = await lake.ledger
      .query("SELECT 1 FROM lane WHERE state = 'submitted'")
      .catch(() => ({ rowCount: 0 }));
    return rowCount === 1;
  });

  for (let change = 0; change < CHANGES; change++) {
    await createCases(lake, 'child', 1);
    await sleep(BETWEEN_MS);
  }
  await until('all changes are committed', async () => {
    const all = await batches();
    return (
      all.every(({ state }) => state === 'committed') &&
      all.reduce((sum, { ids }) => sum + ids, 0) === 1 + CHANGES
    );
  });
  orchestrator.kill('SIGTERM');
  await orchestrator.ended;

  const [first, ...later] = (await batches()).map(({ ids }) => ids);
  assert.equal(first, 1);
  assert.ok(later.length <= 3, `the changes came in batches of ${later.join(', ')}`);
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
});

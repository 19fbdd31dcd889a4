import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { newestStaging } from '../helpers/newest-staging.js';
import { until } from '../helpers/until.js';

test('a rewrite that stands while its batch is extracted anew, in another shape, is where the table goes on', async (t) => {
  const lake = await freshLake(t, { cold: true, config: visitsConfig });
  const [first = '', second = ''] = await submitVisits(lake, 2);
  await lake.ingestAll(['form-sql']);
  const before = rewrites(lake);
  await editVisit(lake, first, '2', '3');
  // The driver's first commit is the rewrite; it dies with it, before the MERGE.
  const dying = lake.start('form-sql', { SPARK_DRIVER_FAULT: 'halt-after-commit:1' });
  await until('the rewrite stands', () => rewrites(lake) > before);
  dying.kill('SIGKILL');
  await dying.ended;
  rmSync(join(await newestStaging(lake), 'staging'), { recursive: true });
  await editVisit(lake, first, '4');
  await editVisit(lake, second, '5');
  await lake.ingestAll(['form-sql']);
  const { rows } = await lake.ledger.query('SELECT extraction FROM batch WHERE extraction > 1');
  assert.equal(rows.length, 1, 'the batch was extracted a second time');
  assert.equal(rewrites(lake), before + 1, 'the rewrite was not done again');
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['form-sql']);
  const history = await lake.ledger.query<{ record_id: string | null }>(
    "SELECT record_id FROM schema_change WHERE column_name = 'form__weight' AND change = 'list'",
  );
  assert.equal(history.rows.length, 1, 'the history tells the change once');
});

function rewrites(lake: FreshLake): number {
  return (lake.commits().get('form-sql/visit') ?? []).filter(({ operation }) => operation.includes('REPLACE'))
    .length;
}

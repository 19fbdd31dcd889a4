import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, loadCases, ONE_PARTITION } from '../helpers/case-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { recreateTopics } from '../helpers/kafka-topics.js';

test('a topic that was made anew halts with its reason and exit code 5, and no change is skipped', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION });
  await loadCases(lake);
  await lake.ingestAll(['case-sql']);
  const versions = lake.deltaVersions();
  const planned = await batches(lake);

  await recreateTopics({ 'case-sql': 1 });
  await createCases(lake, 'child', 2);
  for (const turn of ['first', 'second']) {
    const { code, stdout, stderr } = await lake.ingest('case-sql');
    assert.equal(code, 5, `${turn} run: ${stderr}`);
    assert.match(stdout, /partition 0: Kafka ends at 2, before our offset 10/);
    assert.deepEqual(lake.deltaVersions(), versions, 'nothing was written');
    assert.equal(await batches(lake), planned, 'nothing was planned');
  }
  const { rows } = await lake.ledger.query("SELECT state FROM topic WHERE name = 'case-sql'");
  assert.deepEqual(rows, [{ state: 'halted' }]);
});

async function batches(lake: FreshLake): Promise<number> {
  const { rows } = await lake.ledger.query<{ n: number }>('SELECT count(*)::int AS n FROM batch');
  return rows[0]?.n ?? 0;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, loadCases, ONE_PARTITION } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';

const SMALL_BATCHES = { MAX_RECORDS_TO_PROCESS: '3' };

test('two orchestrators of one topic share the work: each does some of it, each change is in the lake once', async (t) => {
  const env = { MAX_RECORDS_TO_PROCESS: '7' };
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION, env });
  for (let load = 0; load < 4; load++) await loadCases(lake);
  const both = [lake.start('case-sql'), lake.start('case-sql')];
  for (const { code, stderr } of await Promise.all(both.map((each) => each.ended))) {
    assert.equal(code, 0, stderr);
    // Six batches, twelve jobs: that one process stages or merges them all is as good as impossible.
    assert.match(stderr, /batch staged|lane merged/, 'this one has worked too');
  }
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
});

for (const moment of ['batch planned', 'batch staged', 'lane merged']) {
  test(`an orchestrator frozen past its leases after "${moment}", thawed when another has done its work, writes nothing more`, async (t) => {
    const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION, env: SMALL_BATCHES });
    await loadCases(lake);
    const first = lake.start('case-sql');
    await first.says(moment);
    first.kill('SIGSTOP');
    await lake.ingestAll(['case-sql']);
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    const versions = lake.deltaVersions();
    first.kill('SIGCONT');
    const { code, stderr } = await first.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(lake.deltaVersions(), versions, 'the thawed one added no commit');
    await requireExactlyOnce(lake);
    await requireNothingLeft(lake, ['case-sql']);
  });
}

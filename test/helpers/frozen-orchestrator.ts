import assert from 'node:assert/strict';
import { casesConfig, loadCases, ONE_PARTITION } from './case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from './exactly-once.js';
import { freshLake, type Closing } from './fresh-lake.js';

const SMALL_BATCHES = { MAX_RECORDS_TO_PROCESS: '3' };

/** Freezes an orchestrator when it says `moment`, lets another do its work, thaws it: it must add no commit. */
export async function requireFrozenWritesNothing(t: Closing, moment: string): Promise<void> {
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
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, loadCases, ONE_PARTITION } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { requireFrozenWritesNothing } from '../helpers/frozen-orchestrator.js';

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

/** Frozen after other moments: faults/frozen-orchestrator.test.ts. */
test('an orchestrator frozen past its leases, thawed when another has done its work, writes nothing more', (t) =>
  requireFrozenWritesNothing(t, 'batch staged'));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { until } from '../helpers/until.js';

test("a blob missing from HQ's S3 store is set aside; a store that is down is waited for and sets nothing aside", async (t) => {
  const lake = await freshLake(t, { blobs: 's3', config: visitsConfig });
  await submitVisits(lake, 2);
  const waiting = lake.start('form-sql', {}, []);
  await waiting.says('batch committed');

  // Frozen, so that it sees the forms and the store's end at once.
  waiting.kill('SIGSTOP');
  const ids = await submitVisits(lake, 4);
  const lost = ids[1] ?? '';
  await loseBlob(lake, lost);
  await lake.s3?.stop();
  waiting.kill('SIGCONT');
  await until('two attempts have failed', async () => {
    const { rows } = await lake.ledger.query<{ state: string; attempts: number; failure_class: string }>(
      'SELECT state, attempts, failure_class FROM batch ORDER BY id DESC LIMIT 1',
    );
    const [batch] = rows;
    if (batch === undefined || batch.attempts < 2) return false;
    assert.deepEqual([batch.state, batch.failure_class], ['planned', 'transient']);
    return true;
  });
  assert.deepEqual(await quarantined(lake), [], 'nothing is set aside while the store is down');

  await lake.s3?.start();
  await until('the batch is committed', async () => {
    const { rows } = await lake.ledger.query("SELECT 1 FROM batch WHERE state <> 'committed'");
    return rows.length === 0;
  });
  assert.deepEqual(await quarantined(lake), [{ record_id: lost, reason: 'the blob is missing' }]);
  const [table] = (await lake.oracle()).tables;
  assert.deepEqual(
    [table?.actualRows, table?.extra.total, table?.differing.total],
    [5, 0, 0],
    'the readable forms stand in the lake',
  );
});

async function loseBlob(lake: FreshLake, formId: string): Promise<void> {
  const { databases, blobs } = lake.hq.context;
  const { rows } = await databases
    .pool(databases.shardOf(formId))
    .query<{ key: string }>('SELECT key FROM blobs_blobmeta WHERE parent_id = $1', [formId]);
  for (const { key } of rows) await blobs.delete(key);
}

async function quarantined(lake: FreshLake): Promise<unknown[]> {
  const { rows } = await lake.ledger.query<{ record_id: string; reason: string }>(
    'SELECT record_id, reason FROM quarantine',
  );
  return rows;
}

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake } from '../helpers/fresh-lake.js';

test('what cannot be read is set aside with its reason and offset, and the batch goes on', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  const ids = await submitVisits(lake, 4);
  const lost = ids[1] ?? '';
  const shard = lake.hq.context.databases.pool(lake.hq.context.databases.shardOf(lost));
  const { rows: blobs } = await shard.query<{ key: string }>(
    'SELECT key FROM blobs_blobmeta WHERE parent_id = $1',
    [lost],
  );
  const blobFolder = new URL(lake.env['HQ_BLOB_STORE'] ?? '').pathname;
  rmSync(join(blobFolder, blobs[0]?.key ?? ''));
  await lake.hq.publishRaw('form-sql', 'odd', 'this is no JSON');
  await lake.hq.publishRaw('form-sql', 'odd', '{"domain":"x"}');

  await lake.ingestAll(['form-sql']);

  const { rows: quarantined } = await lake.ledger.query(
    'SELECT record_id, kind, domain, partition IS NOT NULL AND message_offset IS NOT NULL AS placed, state FROM quarantine',
  );
  assert.deepEqual(quarantined, [
    { record_id: lost, kind: 'form', domain: lake.domain, placed: true, state: 'open' },
  ]);
  const { rows: odd } = await lake.ledger.query('SELECT reason FROM odd_message ORDER BY reason');
  assert.deepEqual(odd, [
    { reason: 'the message has no document_id' },
    { reason: 'the message is not JSON in UTF-8' },
  ]);
  const report = await lake.oracle();
  const [table] = report.tables;
  assert.deepEqual(
    [table?.actualRows, table?.extra.total, table?.differing.total],
    [3, 0, 0],
    'the three readable forms stand in the lake',
  );
});

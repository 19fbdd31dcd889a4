import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readIds, writeIds } from '../../../orchestrator/plan/id-manifest.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';

test('ids come back as they were written, and a missing or changed file is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-ids-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const storage = new FileStorage(`file://${folder}`);
  const entries = [
    { domain: 'demo', id: 'line\nbreak "quoted" \u2028 😀', partition: 0, offset: '9007199254740993' },
    { domain: '', id: 'x', partition: 7, offset: '0' },
  ];
  const sha256 = await writeIds(storage, 'plan/ids.gz', entries);
  assert.deepEqual(await readIds(storage, 'plan/ids.gz', sha256), entries);
  const none = await writeIds(storage, 'plan/none.gz', []);
  assert.deepEqual(await readIds(storage, 'plan/none.gz', none), []);
  await assert.rejects(readIds(storage, 'plan/absent.gz', sha256), { code: 'STAGING_DAMAGED' });
  writeFileSync(join(folder, 'plan/ids.gz'), 'other');
  await assert.rejects(readIds(storage, 'plan/ids.gz', sha256), { code: 'STAGING_DAMAGED' });
});

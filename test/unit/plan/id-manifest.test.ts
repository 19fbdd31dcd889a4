import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readIds, writeIds, type WrittenIds } from '../../../orchestrator/plan/id-manifest.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';
import type { ManifestEntry } from '../../../orchestrator/types.js';

test('ids come back as they were written, and a missing or changed file is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-ids-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const storage = new FileStorage(`file://${folder}`);
  const entries = [
    { domain: 'demo', id: 'line\nbreak "quoted" \u2028 😀', partition: 0, offset: '9007199254740993' },
    { domain: '', id: 'x', partition: 7, offset: '0' },
    { domain: 'demo', id: 'no message named it', partition: null, offset: null },
  ];
  const read = (written: WrittenIds): Promise<ManifestEntry[]> =>
    readIds(storage, written.manifestPath, written.manifestSha256);
  const written = await writeIds(storage, entries);
  assert.equal(written.ids, 3);
  assert.deepEqual(await read(written), entries);
  const none = await writeIds(storage, []);
  assert.equal(none.ids, 0);
  assert.deepEqual(await read(none), []);
  await assert.rejects(read({ ...written, manifestPath: 'plan/absent.gz' }), { code: 'STAGING_DAMAGED' });
  writeFileSync(join(folder, written.manifestPath), 'other');
  await assert.rejects(read(written), { code: 'STAGING_DAMAGED' });
});

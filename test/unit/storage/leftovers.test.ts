import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';

const HOUR_MS = 3_600_000;

test('drafts that a killed writer has left long ago are deleted, and nothing else', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'dimagi-lake-leftovers-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const log = join(root, 'table', '_delta_log');
  mkdirSync(join(log, '.folder.tmp'), { recursive: true });
  const old = [
    '.00000000000000000007.json.3f0c.tmp', // the Delta log store's
    '.3f0c9f3e-0000-4000-8000-000000000000.tmp', // our own
    '00000000000000000007.json',
    '.00000000000000000007.crc.crc',
    'part-1.tmp',
  ];
  const then = new Date(Date.now() - 2 * HOUR_MS);
  for (const name of [...old, '.00000000000000000008.json.9a1b.tmp']) writeFileSync(join(log, name), '{}');
  for (const name of old) utimesSync(join(log, name), then, then);
  const storage = new FileStorage(`file://${root}`);
  assert.equal(await storage.deleteLeftovers('table/_delta_log', HOUR_MS), 2);
  assert.deepEqual(
    readdirSync(log).sort(),
    [...old.slice(2), '.00000000000000000008.json.9a1b.tmp', '.folder.tmp'].sort(),
  );
  assert.equal(await storage.deleteLeftovers('no/such/folder', HOUR_MS), 0);
});

import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LakeError } from '../errors.js';
import type { Storage } from '../storage/storage.js';
import type { ManifestEntry } from '../types.js';

/**
 * A batch's ids on disk: gzipped NDJSON, one id a line. Written by the poller before the planning transaction, so
 * that workers never need Kafka: what was planned can be extracted even when Kafka has dropped it.
 */
export async function writeIds(
  storage: Storage,
  path: string,
  entries: Iterable<ManifestEntry>,
): Promise<string> {
  const lines: string[] = [];
  for (const entry of entries) lines.push(JSON.stringify(entry));
  const bytes = gzipSync(lines.join('\n'));
  await storage.write(path, bytes);
  return sha256(bytes);
}

/** @throws LakeError STAGING_DAMAGED when the file is missing or not as it was written */
export async function readIds(storage: Storage, path: string, expected: string): Promise<ManifestEntry[]> {
  const bytes = await storage.read(path);
  if (bytes === undefined || sha256(bytes) !== expected) {
    throw new LakeError(
      'STAGING_DAMAGED',
      `The manifest ${path} is ${bytes === undefined ? 'missing' : 'damaged'}`,
      {
        facts: { path },
        mend: 'Restore the file, or re-read the batch’s offsets or time span by a reprocess.',
      },
    );
  }
  return gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ManifestEntry);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

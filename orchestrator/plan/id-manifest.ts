import { createHash, randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LakeError } from '../errors.js';
import type { Storage } from '../storage/storage.js';
import type { ManifestEntry } from '../types.js';

/** A manifest as the ledger names it. */
export interface WrittenIds {
  readonly manifestPath: string;
  readonly manifestSha256: string;
  readonly ids: number;
}

/**
 * Writes a batch's ids: gzipped NDJSON, one id a line, in a folder of its own. It stands before the planning
 * transaction, so that workers never need Kafka: what was planned can be extracted even when Kafka has dropped it.
 */
export async function writeIds(storage: Storage, entries: Iterable<ManifestEntry>): Promise<WrittenIds> {
  const lines: string[] = [];
  for (const entry of entries) lines.push(JSON.stringify(entry));
  const bytes = gzipSync(lines.join('\n'));
  const manifestPath = `runs/plan-${randomUUID()}/ids.ndjson.gz`;
  await storage.write(manifestPath, bytes);
  return { manifestPath, manifestSha256: sha256(bytes), ids: lines.length };
}

/** The folder that holds nothing but this manifest. */
export function manifestFolder(manifestPath: string): string {
  return manifestPath.slice(0, manifestPath.lastIndexOf('/'));
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

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FreshLakeOptions } from './fresh-lake.js';
import { startS3Server, type S3Server } from './s3-server.js';

/** Where a test's lake, checkpoint and HQ's blobs are. */
export interface LakePlaces {
  readonly env: Readonly<Record<'HQ_BLOB_STORE' | 'HQ_DATA_PATH' | 'CHECKPOINT_BASE_DIR', string>>;
  /** The lake on disk, whatever it is reached through. */
  readonly folder: string;
  /** To be closed. */
  readonly s3: S3Server | undefined;
}

/** Folders below `dir`, or buckets of a new S3 server. */
export async function choosePlaces(dir: string, options: FreshLakeOptions): Promise<LakePlaces> {
  const { storage = 'file', blobs = storage } = options;
  for (const name of ['lake', 'checkpoint']) mkdirSync(join(dir, name), { mode: 0o700 });
  const onDisk = (name: string): string => pathToFileURL(join(dir, name)).href;
  if (storage === 'file' && blobs === 'file') {
    return { env: environment(onDisk, onDisk), folder: join(dir, 'lake'), s3: undefined };
  }
  if (storage === 's3') requireDriversKeys();
  const s3 = await startS3Server();
  for (const bucket of ['blobs', 'lake', 'checkpoint']) await s3.createBucket(bucket);
  return {
    env: environment(
      storage === 's3' ? (name) => `s3a://${name}/some/prefix` : onDisk,
      blobs === 's3' ? (name) => `s3://${name}` : onDisk,
    ),
    folder: storage === 's3' ? join(s3.bucketFolder('lake'), 'some', 'prefix') : join(dir, 'lake'),
    s3,
  };
}

function environment(place: (name: string) => string, blobs: (name: string) => string): LakePlaces['env'] {
  return {
    HQ_BLOB_STORE: blobs('blobs'),
    HQ_DATA_PATH: place('lake'),
    CHECKPOINT_BASE_DIR: place('checkpoint'),
  };
}

/** Drivers take their keys from the environment that the stack's worker was started with. */
function requireDriversKeys(): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    const message = `${name} is not set: set both keys, to anything, before \`dimagi-lake stack up\``;
    assert.ok((process.env[name] ?? '') !== '', message);
  }
}

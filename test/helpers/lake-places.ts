import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startS3Server, type S3Server } from './s3-server.js';

/** Where a test's lake, checkpoint and HQ's blobs are. */
export interface LakePlaces {
  /** HQ_BLOB_STORE, HQ_DATA_PATH, AGG_DATA_PATH, CHECKPOINT_BASE_DIR, and how S3 is reached. */
  readonly env: Readonly<Record<string, string>>;
  readonly blobStore: string;
  /** The lake on disk, whatever it is reached through. */
  readonly folder: string;
  /** To be closed. */
  readonly s3: S3Server | undefined;
}

const BUCKETS = ['blobs', 'lake', 'checkpoint', 'aggregates'];

export interface PlaceOptions {
  /** `s3`: lake, aggregates, checkpoint and HQ's blobs in buckets of an S3 server of its own. Default: folders. */
  readonly storage?: 'file' | 's3';
  /** HQ's blobs alone. Default: as `storage`. */
  readonly blobs?: 'file' | 's3';
}

/** Folders below `dir`, or buckets of a new S3 server. */
export async function choosePlaces(
  dir: string,
  { storage = 'file', blobs = storage }: PlaceOptions,
): Promise<LakePlaces> {
  if (storage === 's3') requireDriversKeys();
  for (const name of ['lake', 'checkpoint', 'aggregates']) mkdirSync(join(dir, name), { mode: 0o700 });
  const s3 = storage === 's3' || blobs === 's3' ? await startS3Server() : undefined;
  for (const bucket of BUCKETS) await s3?.createBucket(bucket);
  const place = (name: string): string =>
    storage === 's3' ? `s3a://${name}/some/prefix` : pathToFileURL(join(dir, name)).href;
  const blobStore = blobs === 's3' ? 's3://blobs' : pathToFileURL(join(dir, 'blobs')).href;
  return {
    env: {
      HQ_BLOB_STORE: blobStore,
      HQ_DATA_PATH: place('lake'),
      CHECKPOINT_BASE_DIR: place('checkpoint'),
      AGG_DATA_PATH: place('aggregates'),
      ...(storage === 's3' ? s3?.env : blobVariables(s3)),
    },
    blobStore,
    folder: storage === 's3' && s3 ? join(s3.bucketFolder('lake'), 'some', 'prefix') : join(dir, 'lake'),
    s3,
  };
}

/** HQ's blobs on an S3 of their own. */
function blobVariables(s3: S3Server | undefined): Record<string, string> {
  if (s3 === undefined) return {};
  return {
    HQ_BLOB_ENDPOINT: s3.endpoint,
    HQ_BLOB_REGION: s3.region,
    HQ_BLOB_ACCESS_KEY_ID: s3.accessKeyId,
    HQ_BLOB_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}

/** Drivers take their keys from the environment that the stack's worker was started with. */
function requireDriversKeys(): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    const message = `${name} is not set: set both keys, to anything, before \`dimagi-lake stack up\``;
    assert.ok((process.env[name] ?? '') !== '', message);
  }
}

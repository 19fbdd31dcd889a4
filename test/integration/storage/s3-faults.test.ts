import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blobStorageEnvironment } from '../../../orchestrator/config/environment.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { openBlobStore } from '../../../orchestrator/extract/blobs.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import { startS3Server, type S3Server } from '../../helpers/s3-server.js';
import { startTearingProxy } from './tearing-proxy.js';

const BODY = 'x'.repeat(10_000);
const MAX_BYTES = 1_000_000;
let server: S3Server;
let environment: { readonly AWS_REGION: string };

before(async () => {
  server = await startS3Server();
  await server.createBucket('lake');
  environment = { AWS_REGION: server.region, ...server.env };
  await openStorage('s3a://lake/blobs', environment).write('key', BODY);
});
after(() => server.close());

test('an answer that breaks off half-way is asked for again', async (t) => {
  const proxy = await startTearingProxy(t, server.endpoint, 2);
  const through = { ...environment, S3_ENDPOINT: proxy.endpoint };
  const bytes = await openStorage('s3a://lake/blobs', through).read('key');
  assert.equal(Buffer.from(bytes ?? []).toString(), BODY);
  assert.equal(proxy.torn(), 2);
});

test('an answer that always breaks off is a failure that is retried, never a short or missing object', async (t) => {
  const proxy = await startTearingProxy(t, server.endpoint, 1_000);
  const through = { ...environment, S3_ENDPOINT: proxy.endpoint };
  await assert.rejects(openStorage('s3a://lake/blobs', through).read('key'), isRetried('STORAGE_FAILED'));
  const blobs = openBlobStore('s3://lake/blobs', through);
  t.after(() => {
    blobs.close();
  });
  await assert.rejects(blobs.read('key', MAX_BYTES), isRetried('HQ_READ_FAILED'));
});

test('keys that S3 refuses, a bucket that is not there and a store that is down are failures that are retried', async (t) => {
  const wrongKey = { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' };
  await assertBlobFails('s3://lake/blobs', wrongKey);
  await assertBlobFails('s3://no-such-bucket', environment);
  t.after(() => server.start());
  await server.stop();
  await assertBlobFails('s3://lake/blobs', environment);
});

test("HQ's blob store is reached as the lake's storage is, but for what is named of its own", () => {
  const lake = {
    AWS_REGION: 'r',
    S3_ENDPOINT: 'http://lake',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SESSION_TOKEN: 't',
  };
  assert.deepEqual(pick(blobStorageEnvironment(lake)), ['r', 'http://lake', 'a', undefined, 't']);
  const own = { HQ_BLOB_ACCESS_KEY_ID: 'b', HQ_BLOB_SECRET_ACCESS_KEY: 's', HQ_BLOB_ENDPOINT: 'http://hq' };
  assert.deepEqual(pick(blobStorageEnvironment({ ...lake, ...own })), [
    'r',
    'http://hq',
    'b',
    's',
    undefined,
  ]);
});

function pick(environment: ReturnType<typeof blobStorageEnvironment>): unknown[] {
  const { AWS_REGION, S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } =
    environment;
  return [AWS_REGION, S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN];
}

async function assertBlobFails(location: string, access: { readonly AWS_REGION: string }): Promise<void> {
  const blobs = openBlobStore(location, access);
  try {
    await assert.rejects(blobs.read('key', MAX_BYTES), isRetried('HQ_READ_FAILED'));
  } finally {
    blobs.close();
  }
}

function isRetried(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LakeError && error.code === code && error.retryable;
}

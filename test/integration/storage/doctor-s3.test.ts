import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine } from '../../../deploy/doctor/doctor.js';
import { HQ_CHECKS } from '../../../deploy/doctor/hq-checks.js';
import { STORAGE_CHECKS } from '../../../deploy/doctor/storage-checks.js';
import { startS3Server } from '../../helpers/s3-server.js';

test('doctor writes to the buckets of the lake and reads HQ’s, and names what S3 refuses', async (t) => {
  const [ours, theirs] = [await startS3Server(), await startS3Server()];
  t.after(() => Promise.all([ours.close(), theirs.close()]));
  await ours.createBucket('lake');
  await theirs.createBucket('blobs');
  const environment = {
    ...ours.env,
    HQ_DATA_PATH: 's3a://lake/some/prefix',
    CHECKPOINT_BASE_DIR: 's3a://absent/checkpoint',
    HQ_BLOB_STORE: 's3://blobs',
    HQ_BLOB_ENDPOINT: theirs.endpoint,
    HQ_BLOB_ACCESS_KEY_ID: theirs.accessKeyId,
    HQ_BLOB_SECRET_ACCESS_KEY: theirs.secretAccessKey,
  };
  const states = async (env: Readonly<Record<string, string>>): Promise<unknown> =>
    (await examine(env, [...STORAGE_CHECKS, ...HQ_CHECKS]))
      .filter(({ state }) => state !== 'unset')
      .map(({ name, state }) => [name, state]);
  assert.deepEqual(await states(environment), [
    ['Staging storage', 'fault'],
    ['Lake storage', 'ok'],
    ["HQ's blob store", 'ok'],
  ]);
  assert.deepEqual(await states({ ...environment, HQ_BLOB_SECRET_ACCESS_KEY: 'wrong' }), [
    ['Staging storage', 'fault'],
    ['Lake storage', 'ok'],
    ["HQ's blob store", 'fault'],
  ]);
});

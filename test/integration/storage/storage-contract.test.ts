import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { LakeError } from '../../../orchestrator/errors.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import { createS3Client } from '../../../orchestrator/storage/s3-client.js';
import type { Storage } from '../../../orchestrator/storage/storage.js';
import { startBucketServer, type BucketServer } from './bucket-server.js';

const BUCKET = 'lake';
const MIB = 1024 * 1024;

describe('storage on files', () => {
  let folder = '';
  let storage: Storage | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lake-storage-'));
    storage = openStorage(pathToFileURL(join(folder, 'root')).href, { AWS_REGION: 'us-east-1' });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  contract(() => given(storage));

  test('a temporary file of a writer that died is never listed', async () => {
    await given(storage).write('torn/whole', 'x');
    await writeFile(join(folder, 'root/torn/.0b8f7a52-3f6e-4a51-9d0c-2f1f6f0f9a11.tmp'), 'half');
    assert.deepEqual(await given(storage).list('torn'), [{ name: 'whole', bytes: 1 }]);
  });

  test('a failed stream leaves no temporary file behind', async () => {
    await assert.rejects(given(storage).writeStream('failing/object', breaking([1])));
    assert.deepEqual(await readdir(join(folder, 'root/failing')), []);
  });

  test('a folder that cannot be written is STORAGE_FAILED with the path', async () => {
    await given(storage).write('blocked', 'a file where a folder is wanted');
    await assert.rejects(given(storage).write('blocked/inside', 'x'), (error) =>
      isFailure(error, 'blocked/inside'),
    );
  });
});

describe('storage on S3', () => {
  let server: BucketServer | undefined;
  let storage: Storage | undefined;
  before(async () => {
    server = await startBucketServer([BUCKET]);
    storage = openStorage(`s3a://${BUCKET}/some/prefix/`, server.environment);
  });
  after(() => server?.stop());

  contract(() => given(storage));

  test('a failed stream leaves no unfinished multipart upload behind', async () => {
    const big = Array.from({ length: 20 }, () => MIB);
    await assert.rejects(given(storage).writeStream('failing/object', breaking(big)));
    const client = createS3Client(given(server).environment);
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    assert.deepEqual(uploads.Uploads ?? [], []);
  });

  test('a listing of more than one page is complete', async () => {
    const names = Array.from({ length: 1_005 }, (_, index) => String(index).padStart(4, '0'));
    for (let start = 0; start < names.length; start += 50)
      await Promise.all(
        names.slice(start, start + 50).map((name) => given(storage).write(`many/${name}`, name)),
      );
    assert.deepEqual(
      (await given(storage).list('many')).map(({ name }) => name),
      names,
    );
    await given(storage).deleteFolder('many');
    assert.deepEqual(await given(storage).list('many'), []);
  });

  test('a bucket that does not exist is STORAGE_FAILED, not an empty store', async () => {
    const missing = openStorage('s3a://no-such-bucket/x', given(server).environment);
    await assert.rejects(missing.read('a'), (error) => isFailure(error, 's3a://no-such-bucket/x/a'));
    await assert.rejects(missing.list('a'), (error) => isFailure(error, 's3a://no-such-bucket/x/a'));
  });
});

/** What every store promises, whatever it stands on. */
function contract(open: () => Storage): void {
  test('what was written is read back, and a second write replaces it', async () => {
    await open().write('a/b/object', 'first');
    await open().write('a/b/object', Buffer.from('zweite Fassung: ß'));
    assert.equal(text(await open().read('a/b/object')), 'zweite Fassung: ß');
  });

  test('an absent object reads as undefined, and its stream as STORAGE_FAILED', async () => {
    assert.equal(await open().read('nowhere/object'), undefined);
    await assert.rejects(open().readStream('nowhere/object'), (error) => isFailure(error, 'nowhere/object'));
  });

  test('of many writers of one absent object exactly one wins, and its content stands', async () => {
    const writers = Array.from({ length: 12 }, (_, index) => `writer ${index}`);
    const won = await Promise.all(writers.map((content) => open().writeIfAbsent('race/object', content)));
    const winners = writers.filter((_, index) => won[index]);
    assert.equal(winners.length, 1);
    assert.equal(text(await open().read('race/object')), winners[0]);
    assert.equal(await open().writeIfAbsent('race/object', 'late'), false);
  });

  test('a stream of many megabytes arrives byte for byte', async () => {
    const pieces = Array.from({ length: 37 }, (_, index) => Buffer.alloc(MIB + index, index));
    const bytes = await open().writeStream('stream/large', inTurn(pieces));
    const whole = Buffer.concat(pieces);
    assert.equal(bytes, whole.byteLength);
    const read: Uint8Array[] = [];
    for await (const chunk of await open().readStream('stream/large')) read.push(chunk);
    assert.ok(Buffer.concat(read).equals(whole));
  });

  test('an empty stream makes an empty object', async () => {
    assert.equal(await open().writeStream('stream/empty', inTurn([])), 0);
    assert.equal((await open().read('stream/empty'))?.byteLength, 0);
  });

  test('a stream that fails leaves the older object as it was', async () => {
    await open().write('stream/kept', 'old');
    await assert.rejects(open().writeStream('stream/kept', breaking([3])), (error) =>
      isFailure(error, 'stream/kept'),
    );
    assert.equal(text(await open().read('stream/kept')), 'old');
  });

  test('objects and folders are listed apart, in byte order, without what lies deeper', async () => {
    for (const name of ['b', 'a', 'ü', '~E0', 'B', 'sub/x', 'other/y/z'])
      await open().write(`listed/${name}`, name);
    assert.deepEqual(
      (await open().list('listed')).map(({ name }) => name),
      ['B', 'a', 'b', '~E0', 'ü'],
    );
    assert.deepEqual(
      (await open().list('listed', 'a')).map(({ name }) => name),
      ['b', '~E0', 'ü'],
    );
    assert.deepEqual(
      (await open().list('listed')).map(({ bytes }) => bytes),
      [1, 1, 1, 3, 2],
    );
    assert.deepEqual(await open().listFolders('listed'), ['other', 'sub']);
    assert.deepEqual(await open().list('not-there'), []);
    assert.deepEqual(await open().listFolders('not-there'), []);
    assert.ok((await open().listFolders('')).includes('listed'));
  });

  test('deleting a folder takes all below it and nothing beside it', async () => {
    for (const name of ['gone/x', 'gone/deep/y', 'gone-not/z']) await open().write(name, 'x');
    await open().deleteFolder('gone');
    await open().deleteFolder('gone');
    assert.equal(await open().read('gone/deep/y'), undefined);
    assert.equal(text(await open().read('gone-not/z')), 'x');
  });

  test('a path that leaves the store is refused before anything is touched', async () => {
    for (const path of ['../outside', '/etc/x', 'a//b', '', 'a/./b', 'a\0b'])
      await assert.rejects(
        open().write(path, 'x'),
        (error) => error instanceof LakeError && error.code === 'INTERNAL',
      );
    await assert.rejects(open().deleteFolder(''), LakeError);
  });
}

async function* inTurn(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

async function* breaking(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  yield* inTurn(sizes.map((size) => Buffer.alloc(size)));
  throw new Error('the source broke off');
}

function isFailure(error: unknown, path: string): boolean {
  return error instanceof LakeError && error.code === 'STORAGE_FAILED' && error.message.includes(path);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

function given<T>(value: T | undefined): T {
  assert.ok(value !== undefined, 'the set-up did not finish');
  return value;
}

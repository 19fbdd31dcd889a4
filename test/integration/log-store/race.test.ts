import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { proveLogStore, type LogStoreProof } from '../../../orchestrator/commands/prove-log-store.js';
import { startS3Server, type S3Server } from '../../helpers/s3-server.js';
import { startForgetfulProxy } from './forgetful-proxy.js';
import { Workshop, sparkHome } from '../runner/driver.js';

describe('three processes racing for the same names', () => {
  let workshop: Workshop;
  let s3: S3Server;

  before(async () => {
    workshop = new Workshop();
    s3 = await startS3Server();
    await s3.createBucket('lake');
  });
  after(async () => {
    await s3.close();
    await workshop.close();
  });

  const prove = (
    url: string,
    names: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<LogStoreProof> =>
    proveLogStore({
      sparkHome: sparkHome(),
      classpath: workshop.classes,
      url,
      names,
      env: { ...process.env, ...env },
    });

  function assertProven(proof: LogStoreProof, names: number): void {
    assert.deepEqual(proof.faults, []);
    assert.equal(proof.proven, true);
    assert.equal(
      proof.wins.reduce((sum, one) => sum + one, 0),
      names,
    );
    // Otherwise nothing was contested and the proof is worth nothing.
    assert.ok(proof.wins.filter((one) => one > 0).length >= 2, `wins: ${proof.wins.join(', ')}`);
  }

  test('on disk each of 1,000 names has one winner, holds its whole content, and nothing else is left', async () => {
    assertProven(await prove(workshop.url('race'), 1000), 1000);
  });

  test('on S3 each of 100 names has one winner, holds its whole content, and nothing else is left', async () => {
    assertProven(await prove('s3a://lake/race', 100, s3.env), 100);
  });

  test('a storage without put-if-absent is refused, not trusted', async () => {
    await assert.rejects(prove('hdfs://127.0.0.1:9/lake', 1), {
      code: 'STORAGE_FAILED',
      message: /file: and s3a: only/,
    });
  });

  test('a put whose answer was lost is known for our own when the repeated one is refused', async (t) => {
    const proxy = await startForgetfulProxy(s3.endpoint);
    t.after(() => proxy.close());
    const env = { ...process.env, ...s3.env, S3_ENDPOINT: proxy.endpoint };
    const options = { sparkHome: sparkHome(), classpath: workshop.classes, url: 's3a://lake/lost', env };
    const proof = await proveLogStore({ ...options, names: 5, writers: 1 });
    assert.deepEqual(proof, { proven: true, names: 5, wins: [5], faults: [] });
    assert.equal(proxy.forgotten(), 5);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readFailures } from '../../../orchestrator/commit/run-result.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import { startS3Server } from '../../helpers/s3-server.js';
import { Workshop } from './driver.js';
import { startLedger } from './ledger.js';

/** So that the driver gives up after seconds instead of minutes. */
const IMPATIENT = {
  'retry.limit': '1',
  'retry.interval': '100ms',
  'attempts.maximum': '1',
  'path.style.access': 'true',
  'connection.ssl.enabled': 'false',
  'endpoint.region': 'us-east-1',
};

test('a lane that fails because S3 is down or refuses the keys is to be tried again; one that fails by itself is not', async (t) => {
  const [down, refusing] = [await startS3Server(), await startS3Server()];
  const workshop = new Workshop();
  const ledger = await startLedger();
  t.after(async () => {
    await workshop.close();
    await ledger.close();
    await Promise.all([down.close(), refusing.close()]);
  });
  await refusing.createBucket('refusing');
  await down.stop();

  const s3a = {
    ...IMPATIENT,
    'bucket.down.endpoint': down.endpoint,
    'bucket.refusing.endpoint': refusing.endpoint,
  };
  const table = `delta.\`${workshop.url('table')}\``;
  const staged = (bucket: string): string => `json.\`s3a://${bucket}/staged.json\``;
  const log = (bucket: string): string =>
    `CREATE TABLE delta.\`s3a://${bucket}/table\` (a STRING) USING delta`;
  const ids = await ledger.addRun();
  const runFile = workshop.writeRun(ids.run, {
    'staging-down': [
      `CREATE TABLE ${table} (a STRING) USING delta`,
      `INSERT INTO ${table} SELECT a FROM ${staged('down')}`,
    ],
    'log-down': [log('down')],
    'staging-refused': [`SELECT * FROM ${staged('refusing')}`],
    'log-refused': [log('refusing')],
    'its-own-fault': ["SELECT CAST('x' AS BIGINT)"],
  });
  const driver = workshop.start({
    args: ['--run', ids.run, '--token', ids.token, '--run-file', runFile],
    env: { ...ledger.env, ...refusing.env, AWS_SECRET_ACCESS_KEY: 'wrong' },
    properties: Object.fromEntries(
      Object.entries(s3a).map(([name, value]) => [`spark.hadoop.fs.s3a.${name}`, value]),
    ),
  });
  assert.equal(await driver.exit, 20, driver.log().slice(-3000));

  const failures = await readFailures(
    openStorage(workshop.url('runs'), { AWS_REGION: 'us-east-1' }),
    ids.run,
  );
  assert.deepEqual(
    [...failures].map(([lane, { failureClass }]) => [lane, failureClass]),
    [
      ['staging-down', 'transient'],
      ['log-down', 'transient'],
      ['staging-refused', 'transient'],
      ['log-refused', 'transient'],
      ['its-own-fault', 'bug'],
    ],
    readFileSync(workshop.resultPath(ids.run), 'utf8'),
  );
});

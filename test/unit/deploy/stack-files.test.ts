import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeEnvironmentFile } from '../../../deploy/stack/environment-file.js';
import { readJsonFile } from '../../../deploy/stack/json-file.js';
import { pinned } from '../../../deploy/stack/maven.js';
import { propertiesText } from '../../../deploy/stack/properties-text.js';
import { artifactOf } from '../../../deploy/stack/spark-home.js';
import { sparkToken } from '../../../orchestrator/submit/spark-token.js';
import { newState } from '../../../deploy/stack/state.js';
import { readStackEnvironment } from '../../../orchestrator/config/stack-environment.js';
import { deltaSessionProperties } from '../../../orchestrator/submit/session-properties.js';

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stack-files-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('a shell that sources env.sh gets each value as it was, and no one else may read the file', (t) => {
  const file = join(scratch(t), 'env.sh');
  const value = `it's $HOME \`id\` "x" \\ ; # \n end`;
  writeEnvironmentFile(file, { HOSTILE: value });
  const got = execFileSync('sh', ['-c', `. "$0"; printf %s "$HOSTILE"`, file], { encoding: 'utf8' });
  assert.equal(got, value);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("Spark's token is signed by HS256 and ends after five minutes", () => {
  const secret = Buffer.alloc(32, 7).toString('base64url');
  const [header = '', claims = '', signature] = sparkToken(secret, 1_000_000).split('.');
  const expected = createHmac('sha256', Buffer.from(secret, 'base64url')).update(`${header}.${claims}`);
  assert.equal(signature, expected.digest('base64url'));
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256' });
  assert.deepEqual(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    sub: 'dimagi-lake',
    exp: 1300,
  });
});

test('jars of one artifact are known as such, whatever their version or Scala suffix', () => {
  assert.equal(artifactOf('netty-buffer-4.1.126.Final.jar'), 'netty-buffer');
  assert.equal(artifactOf('delta-spark_4.2_2.13-4.4.0.jar'), 'delta-spark_4.2_2.13');
  assert.equal(artifactOf('hadoop-client-api-3.5.0.jar'), artifactOf('hadoop-client-api-3.4.2.jar'));
});

test('a path with backslashes survives in a properties file', () => {
  assert.equal(propertiesText({ 'log.dirs': 'C:\\kafka' }), 'log.dirs=C:\\\\kafka\n');
});

test('the pinned versions are read from the one pom', () => {
  assert.match(pinned('spark.version'), /^\d+\.\d+\.\d+$/);
  assert.throws(() => pinned('no.such'), { code: 'INTERNAL' });
});

test('a damaged state file is told with its path', (t) => {
  const file = join(scratch(t), 'stack.json');
  writeFileSync(file, '{');
  assert.throws(() => readJsonFile(file), { code: 'STACK_FAILED', message: `${file} is not JSON` });
});

test('each stack has passwords of its own', () => {
  const all = [newState(), newState()].flatMap((state) => [
    ...Object.values(state.passwords),
    state.sparkSecret,
  ]);
  assert.equal(new Set(all).size, all.length);
});

test('downloads go where the environment says, and daemons inherit no secret', () => {
  const environment = readStackEnvironment({
    DIMAGI_LAKE_CACHE: '/c',
    PATH: '/bin',
    AWS_SECRET_ACCESS_KEY: 's',
    MY_TOKEN: 't',
  });
  assert.equal(environment.cacheFolder, '/c');
  assert.deepEqual(environment.daemon, { PATH: '/bin' });
  assert.deepEqual(environment.aws, { AWS_SECRET_ACCESS_KEY: 's' });
  assert.equal(readStackEnvironment({ XDG_CACHE_HOME: '/x' }).cacheFolder, '/x/dimagi-lake');
  assert.throws(() => readStackEnvironment({ DIMAGI_LAKE_CACHE: 'relative' }), { code: 'CONFIG_INVALID' });
});

test('every session writes through our log store and takes no text for a variable', () => {
  const properties = deltaSessionProperties({
    driverClasspath: '/a.jar:/b.jar',
    s3Endpoint: 'http://127.0.0.1:7070',
  });
  const store = 'org.dimagi.lake.runner.PutIfAbsentLogStore';
  assert.equal(properties['spark.delta.logStore.file.impl'], store);
  assert.equal(properties['spark.delta.logStore.s3a.impl'], store);
  assert.equal(properties['spark.sql.variable.substitute'], 'false');
  assert.equal(properties['spark.hadoop.fs.s3a.connection.ssl.enabled'], 'false');
});

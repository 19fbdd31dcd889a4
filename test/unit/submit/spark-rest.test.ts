import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SparkRest, type DriverRequest } from '../../../orchestrator/submit/spark-rest.js';
import { sparkToken } from '../../../orchestrator/submit/spark-token.js';
import { json, master, nobody } from './master.js';

const REQUEST: DriverRequest = {
  mainClass: 'x.Runner',
  appArgs: ['--run', 'r'],
  sparkProperties: { 'spark.app.name': 'a' },
  environmentVariables: {},
};
const SECRET = randomBytes(32).toString('base64url');
const STANDBY = {
  success: false,
  message:
    'Exception: Current state is not alive: STANDBY. Can only accept driver submissions in ALIVE state.',
};
const CREATED = { success: true, submissionId: 'driver-20240101-0001' };

test('a token is an HS256 JWS of three parts, signed with the decoded secret, that ends soon', () => {
  const [head = '', claims = '', signature] = sparkToken(SECRET, 1_700_000_000_000).split('.');
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  assert.deepEqual(read(head), { alg: 'HS256' });
  assert.deepEqual(read(claims), { sub: 'dimagi-lake', exp: 1_700_000_300 });
  const key = Buffer.from(SECRET, 'base64url');
  assert.equal(signature, createHmac('sha256', key).update(`${head}.${claims}`).digest('base64url'));
});

test('a submission is asked for with token and properties, and its id given back with its master', async (t) => {
  const leading = await master(t, (_, response) => {
    json(response, CREATED);
  });
  const rest = new SparkRest([leading.url], SECRET);
  assert.deepEqual(await rest.create(REQUEST), { restUrl: leading.url, submissionId: CREATED.submissionId });
  const [asked] = leading.asked;
  assert.deepEqual([asked?.method, asked?.path], ['POST', '/v1/submissions/create']);
  assert.match(asked?.authorization ?? '', /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  const body = JSON.parse(asked?.body ?? '') as Record<string, unknown>;
  assert.equal(body['action'], 'CreateSubmissionRequest');
  assert.deepEqual(body['sparkProperties'], REQUEST.sparkProperties);
});

test('without a secret no token is sent', async (t) => {
  const leading = await master(t, (_, response) => {
    json(response, CREATED);
  });
  await new SparkRest([leading.url], undefined).create(REQUEST);
  assert.equal(leading.asked[0]?.authorization, undefined);
});

test('a standby master and one that is down are passed over', async (t) => {
  const standby = await master(t, (_, response) => {
    json(response, STANDBY);
  });
  const leading = await master(t, (_, response) => {
    json(response, CREATED);
  });
  const rest = new SparkRest([await nobody(), standby.url, leading.url], SECRET);
  assert.equal((await rest.create(REQUEST)).restUrl, leading.url);
  assert.equal(standby.asked.length, 1);
});

test('when no master leads, none has made a driver', async (t) => {
  const standby = await master(t, (_, response) => {
    json(response, STANDBY);
  });
  const rest = new SparkRest([standby.url, await nobody()], SECRET);
  await assert.rejects(rest.create(REQUEST), { code: 'SPARK_UNREACHABLE' });
});

test('a master that takes the request and gives no answer may have made a driver: no other is asked', async (t) => {
  const hanging = await master(t, () => undefined);
  const cut = await master(t, (_, response) => {
    response.destroy();
  });
  for (const silent of [hanging, cut]) {
    const leading = await master(t, (_, response) => {
      json(response, CREATED);
    });
    const rest = new SparkRest([silent.url, leading.url], SECRET, 300);
    await assert.rejects(rest.create(REQUEST), { code: 'SPARK_ANSWER_LOST', retryable: true });
    assert.equal(silent.asked.length, 1);
    assert.equal(leading.asked.length, 0);
  }
});

test('a refused token names the variable to mend, also when another master is down', async (t) => {
  const strict = await master(t, (_, response) => {
    response.writeHead(403).end('Forbidden');
  });
  for (const urls of [[strict.url], [strict.url, await nobody()], [await nobody(), strict.url]]) {
    await assert.rejects(new SparkRest(urls, SECRET).create(REQUEST), {
      code: 'SPARK_UNREACHABLE',
      mend: /^SPARK_REST_SECRET must be the secretKey/,
    });
  }
});

test('a master that says no is not asked twice, and its reason is told', async (t) => {
  const full = await master(t, (_, response) => {
    json(response, { success: false, message: 'no room' });
  });
  const other = await master(t, (_, response) => {
    json(response, CREATED);
  });
  await assert.rejects(new SparkRest([full.url, other.url], SECRET).create(REQUEST), {
    code: 'SPARK_REFUSED',
    message: /no room/,
  });
  assert.equal(other.asked.length, 0);
});

test('a state is what a master that knows the driver says', async (t) => {
  const standby = await master(t, (_, response) => {
    json(response, STANDBY);
  });
  const unknowing = await master(t, (_, response) => {
    json(response, { success: false });
  });
  const knowing = await master(t, ({ path }, response) => {
    json(response, { success: path === '/v1/submissions/status/driver-1', driverState: 'RUNNING' });
  });
  const rest = new SparkRest([await nobody(), standby.url, unknowing.url, knowing.url], SECRET);
  assert.equal(await rest.state('driver-1'), 'RUNNING');
  assert.equal(await rest.state('driver-2'), undefined);
  await assert.rejects(new SparkRest([standby.url], SECRET).state('driver-1'), { code: 'SPARK_UNREACHABLE' });
});

test('the end of a driver is asked of all masters, and none has to answer', async (t) => {
  const knowing = await master(t, (_, response) => {
    json(response, { success: true });
  });
  await new SparkRest([await nobody(), knowing.url], SECRET).kill('driver-1');
  assert.deepEqual(
    knowing.asked.map(({ method, path }) => [method, path]),
    [['POST', '/v1/submissions/kill/driver-1']],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driverGroup, driverRequest } from '../../../orchestrator/submit/driver-request.js';
import { completeEnvironment } from '../config/complete-environment.js';
import { readIngestionEnvironment } from '../../../orchestrator/config/environment.js';

const RUN = { runId: 'form-sql-1-x1-1', token: 'claim-token', runFile: 'file:///r/run.json', rows: 10 };
const SECRETS = [
  'ledger-password',
  'runner-password',
  'hq-password',
  'aws-secret',
  'aws-key',
  'rest-secret',
  'redis-password',
];
const environment = readIngestionEnvironment(completeEnvironment());

test('no secret stands in properties, arguments or the environment sent along', () => {
  const text = JSON.stringify(driverRequest(RUN, environment));
  for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
});

test('a small run stays in the driver and goes on claiming runs; a large one gets executors and ends', () => {
  const small = driverRequest(RUN, environment);
  assert.equal(small.sparkProperties['spark.master'], 'local[2]');
  assert.deepEqual(small.appArgs.slice(-2), ['--idle-seconds', '30']);
  const options = small.sparkProperties['spark.driver.extraJavaOptions']?.split(' ') ?? [];
  assert.ok(options.includes('-XX:ReservedCodeCacheSize=240m'), 'C1 alone would have 48 MB, and fill them');
  const large = driverRequest({ ...RUN, rows: 200_001 }, environment);
  assert.equal(large.sparkProperties['spark.master'], 'spark://a:7077,b:7077');
  assert.ok(!large.appArgs.includes('--idle-seconds'));
  assert.equal(driverGroup(RUN, environment), undefined, 'any idle driver takes it');
  assert.equal(driverGroup({ rows: 200_001 }, environment), 'executors', 'none without executors does');
  assert.ok(!(large.sparkProperties['spark.driver.extraJavaOptions'] ?? '').includes('TieredStopAtLevel'));
});

test('an application has drivers of its own, which wait for its next step also where executors do', () => {
  const application = {
    group: 'aggregation:d:t',
    name: 'dimagi-lake aggregation t d',
    size: 'medium' as const,
  };
  const small = driverRequest({ ...RUN, rows: 0, application }, environment);
  assert.equal(small.sparkProperties['spark.master'], 'local[2]');
  assert.equal(small.sparkProperties['spark.app.name'], application.name);
  assert.deepEqual(small.appArgs.slice(-4), ['--idle-seconds', '30', '--group', application.group]);
  assert.equal(small.sparkProperties['spark.sql.codegen.wholeStage'], undefined);
  const large = driverRequest(
    { ...RUN, rows: 0, application: { ...application, size: 'large' as const } },
    environment,
  );
  assert.equal(large.sparkProperties['spark.master'], 'spark://a:7077,b:7077');
  assert.deepEqual(large.appArgs.slice(-4), ['--idle-seconds', '30', '--group', application.group]);
});

test('every session writes by the log store of ours, in UTC, substitutes nothing and is never supervised', () => {
  const { sparkProperties: properties } = driverRequest(RUN, environment);
  for (const scheme of ['file', 's3a']) {
    assert.equal(
      properties[`spark.delta.logStore.${scheme}.impl`],
      'org.dimagi.lake.runner.PutIfAbsentLogStore',
    );
  }
  assert.equal(properties['spark.sql.session.timeZone'], 'UTC');
  assert.equal(properties['spark.sql.variable.substitute'], 'false');
  assert.equal(properties['spark.driver.supervise'], 'false');
  assert.equal(properties['spark.hadoop.fs.s3a.endpoint'], 'http://127.0.0.1:7070');
});

test('a driver knows its run, its token and how long it may be silent', () => {
  assert.deepEqual(driverRequest(RUN, environment).appArgs.slice(0, 8), [
    ...['--run', RUN.runId, '--token', RUN.token, '--run-file', RUN.runFile],
    ...['--lease-seconds', '60'],
  ]);
});

test('a fault goes only to drivers whose environment asks for one', () => {
  assert.deepEqual(driverRequest(RUN, environment).environmentVariables, {});
  const faulty = readIngestionEnvironment({
    ...completeEnvironment(),
    SPARK_DRIVER_FAULT: 'halt-before-claim',
  });
  assert.deepEqual(driverRequest(RUN, faulty).environmentVariables, {
    DIMAGI_LAKE_DRIVER_FAULT: 'halt-before-claim',
  });
});

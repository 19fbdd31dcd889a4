import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFailures } from '../../../orchestrator/commit/run-result.js';
import { LogFixture } from './log-fixture.js';

interface DriverError {
  readonly class: string | null;
  readonly exception: string;
  readonly cause?: string;
  readonly message?: string | null;
}

async function classOf(log: LogFixture, error: DriverError): Promise<string | undefined> {
  const failed = {
    index: 2,
    startedAt: '',
    seconds: 1,
    row: null,
    error: { sqlState: null, message: null, ...error },
  };
  const done = { index: 1, startedAt: '', seconds: 1, row: null, error: null };
  const lanes = [
    { lane: '1', state: 'done', seconds: 1, statements: [done] },
    { lane: '7', state: 'failed', seconds: 1, statements: [done, failed] },
  ];
  await log.storage.write('r/result.json', JSON.stringify({ run: 'r', lanes }));
  const failures = await readFailures(log.storage, 'r');
  assert.deepEqual([...failures.keys()], ['7']);
  assert.match(failures.get('7')?.reason ?? '', /^statement 2 failed: /);
  return failures.get('7')?.failureClass;
}

test('two writers meeting, and columns added meanwhile, pass by themselves', async (t) => {
  const log = new LogFixture(t);
  const passing: DriverError[] = [
    {
      class: 'DELTA_CONCURRENT_APPEND.WITHOUT_HINT',
      exception: 'io.delta.exceptions.ConcurrentAppendException',
    },
    { class: 'DELTA_METADATA_CHANGED', exception: 'io.delta.exceptions.MetadataChangedException' },
    { class: 'DELTA_PROTOCOL_CHANGED', exception: 'x' },
    { class: 'FIELD_ALREADY_EXISTS', exception: 'org.apache.spark.sql.AnalysisException' },
    { class: null, exception: 'java.net.SocketTimeoutException' },
    { class: null, exception: 'io.delta.exceptions.ConcurrentWriteException' },
  ];
  for (const error of passing) assert.equal(await classOf(log, error), 'transient', JSON.stringify(error));
});

test('storage that does not answer or refuses the keys is tried again, whatever Spark calls it', async (t) => {
  const log = new LogFixture(t);
  const plan = {
    class: 'FAILED_TO_CREATE_PLAN_FOR_DIRECT_QUERY',
    exception: 'org.apache.spark.sql.AnalysisException',
  };
  for (const cause of [
    'java.net.ConnectException',
    'java.net.UnknownHostException',
    'java.nio.file.AccessDeniedException',
    'org.apache.hadoop.fs.s3a.AWSStatus500Exception',
    'org.apache.hadoop.net.ConnectTimeoutException',
    'software.amazon.awssdk.services.s3.model.S3Exception',
  ]) {
    assert.equal(await classOf(log, { ...plan, cause }), 'transient', cause);
    assert.equal(await classOf(log, { class: null, exception: cause, cause }), 'transient', cause);
  }
  const ours = { class: null, exception: 'x.UnusableInput', cause: 'java.net.URISyntaxException' };
  assert.equal(await classOf(log, ours), 'bug');
});

test('memory and disk that ran out are a matter of capacity', async (t) => {
  const log = new LogFixture(t);
  assert.equal(await classOf(log, { class: null, exception: 'java.lang.OutOfMemoryError' }), 'capacity');
  const full = { class: null, exception: 'java.io.IOException', message: 'No space left on device' };
  assert.equal(await classOf(log, full), 'capacity');
});

test('anything else is a bug: repeating it would only repeat it', async (t) => {
  const log = new LogFixture(t);
  assert.equal(
    await classOf(log, { class: 'CAST_INVALID_INPUT', exception: 'x.SparkNumberFormatException' }),
    'bug',
  );
  assert.equal(await classOf(log, { class: null, exception: 'java.lang.NullPointerException' }), 'bug');
});

test('a driver that left no result says nothing about its lanes', async (t) => {
  assert.equal((await readFailures(new LogFixture(t).storage, 'r')).size, 0);
});

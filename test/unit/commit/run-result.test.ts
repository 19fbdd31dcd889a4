import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFailures, type LaneFailure } from '../../../orchestrator/commit/run-result.js';
import { LogFixture } from './log-fixture.js';

interface DriverError {
  readonly class: string | null;
  readonly exception: string;
  readonly message?: string | null;
  /** Innermost exception and where it was thrown. */
  readonly root?: string;
}

async function failureOf(log: LogFixture, error: DriverError): Promise<LaneFailure | undefined> {
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
  return failures.get('7');
}

async function classOf(log: LogFixture, error: DriverError): Promise<string | undefined> {
  return (await failureOf(log, error))?.failureClass;
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
    {
      class: null,
      exception: 'x',
      root: 'java.net.SocketTimeoutException at sun.nio.ch.NioSocketImpl.timedRead',
    },
    {
      class: 'FAILED_READ_FILE.NO_HINT',
      exception: 'x',
      root: 'java.net.ConnectException at sun.nio.ch.Net.pollConnect',
    },
    { class: null, exception: 'x', root: 'software.amazon.awssdk.core.exception.SdkClientException at a.b' },
    { class: null, exception: 'io.delta.exceptions.ConcurrentWriteException' },
  ];
  for (const error of passing) assert.equal(await classOf(log, error), 'transient', JSON.stringify(error));
});

test('memory and disk that ran out are a matter of capacity', async (t) => {
  const log = new LogFixture(t);
  assert.equal(await classOf(log, { class: null, exception: 'java.lang.OutOfMemoryError' }), 'capacity');
  const root = 'java.io.IOException at java.io.FileOutputStream.writeBytes: No space left on device';
  const full = { class: null, exception: 'java.io.IOException', root };
  assert.equal(await classOf(log, full), 'capacity');
});

test('what Spark itself explains is a bug: repeating it would only repeat it', async (t) => {
  const failure = await failureOf(new LogFixture(t), {
    class: 'CAST_INVALID_INPUT',
    exception: 'x.SparkNumberFormatException',
    root: 'x.SparkNumberFormatException at x.Cast.toInt',
  });
  assert.deepEqual([failure?.failureClass, failure?.mostAttempts], ['bug', 1]);
});

test('what nobody foresaw is tried again by other drivers, and tells where it came from', async (t) => {
  const log = new LogFixture(t);
  const lost = 'java.lang.NullPointerException at org.apache.spark.storage.DiskBlockManager.getFile';
  for (const errorClass of [null, 'INTERNAL_ERROR', 'INTERNAL_ERROR_SHUFFLE']) {
    const failure = await failureOf(log, { class: errorClass, exception: 'x.SparkException', root: lost });
    assert.deepEqual([failure?.failureClass, failure?.mostAttempts], ['bug', 3]);
    assert.ok(failure?.reason.endsWith(`x.SparkException (${lost})`), failure?.reason);
  }
});

test('a driver that left no result says nothing about its lanes', async (t) => {
  assert.equal((await readFailures(new LogFixture(t).storage, 'r')).size, 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIngestionEnvironment, readLedgerEnvironment } from '../../../orchestrator/config/environment.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { completeEnvironment } from './complete-environment.js';

function refusal(source: Record<string, string | undefined>): LakeError {
  try {
    readIngestionEnvironment(source);
  } catch (thrown) {
    assert.ok(thrown instanceof LakeError);
    assert.equal(thrown.code, 'CONFIG_INVALID');
    return thrown;
  }
  return assert.fail('it was taken');
}
const faultsOf = (error: LakeError): string[] => error.facts['faults'] as string[];

test('a complete environment is read to its types, with defaults for the rest', () => {
  const read = readIngestionEnvironment({ ...completeEnvironment(), POLL_SECONDS: '0.5', OTHER: 'x' });
  assert.equal(read.KAFKA_BOOTSTRAP_SERVER_PORT, 9092);
  assert.deepEqual(read.HQ_SHARD_DATABASE_URLS, [
    'postgresql://hq:hq-password@p1/hq',
    'postgresql://hq:hq-password@p2/hq',
  ]);
  assert.deepEqual(read.SPARK_REST_URLS, ['http://a:6066', 'http://b:6066']);
  assert.deepEqual(
    [read.POLL_SECONDS, read.MAX_RECORDS_TO_PROCESS, read.HQ_USERS],
    [0.5, 50_000, 'usercase'],
  );
});

test('all faults are told at once, by name and without their values', () => {
  const error = refusal({
    ...completeEnvironment(),
    KAFKA_BOOTSTRAP_SERVER_PORT: '99999',
    LEDGER_DATABASE_URL: 'mysql://u:top-secret@h/d',
    HQ_DATA_PATH: '/plain/folder',
    REDIS_URL: undefined,
    MAX_RECORDS_TO_PROCESS: 'many',
    S3_ENDPOINT: 'nonsense',
  });
  const names = faultsOf(error).map((fault) => fault.slice(0, fault.indexOf(':')));
  assert.deepEqual(names.sort(), [
    'HQ_DATA_PATH',
    'KAFKA_BOOTSTRAP_SERVER_PORT',
    'LEDGER_DATABASE_URL',
    'MAX_RECORDS_TO_PROCESS',
    'REDIS_URL',
    'S3_ENDPOINT',
  ]);
  assert.match(error.message, /6 fault\(s\)/);
  assert.doesNotMatch(error.message, /top-secret/);
});

test('an empty variable is an unset one', () => {
  assert.deepEqual(faultsOf(refusal({ ...completeEnvironment(), LAKE_CONFIG: '' })), [
    'LAKE_CONFIG: is not set',
  ]);
  const read = readIngestionEnvironment({
    ...completeEnvironment(),
    POLL_SECONDS: '',
    SPARK_DRIVER_FAULT: '',
  });
  assert.deepEqual([read.POLL_SECONDS, read.SPARK_DRIVER_FAULT], [2, undefined]);
});

test('numbers out of their range are refused, not taken for the nearest', () => {
  for (const [name, value] of [
    ['RUN_LEASE_SECONDS', '4'],
    ['MAX_RECORDS_TO_PROCESS', '0'],
    ['MAX_RECORDS_TO_PROCESS', '1.5'],
    ['SPARK_LOCAL_CORES', '0'],
    ['POLL_SECONDS', '-1'],
    ['KAFKA_BOOTSTRAP_SERVER_PORT', '0'],
  ] as const) {
    assert.equal(
      faultsOf(refusal({ ...completeEnvironment(), [name]: value })).length,
      1,
      `${name}=${value}`,
    );
  }
});

test('a command that only looks into ledger and lake needs no more than those', () => {
  const { LEDGER_DATABASE_URL, LEDGER_RUNNER_DATABASE_URL, CHECKPOINT_BASE_DIR, HQ_DATA_PATH, LAKE_CONFIG } =
    completeEnvironment();
  const few = {
    LEDGER_DATABASE_URL,
    LEDGER_RUNNER_DATABASE_URL,
    CHECKPOINT_BASE_DIR,
    HQ_DATA_PATH,
    LAKE_CONFIG,
  };
  assert.equal(readLedgerEnvironment(few).HQ_DATA_PATH, 's3a://lake');
  assert.throws(() => readLedgerEnvironment({}), { code: 'CONFIG_INVALID', message: /5 fault\(s\)/ });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIngestionEnvironment, readLedgerEnvironment } from '../../../orchestrator/config/environment.js';
import { readSettings } from '../../../orchestrator/config/settings.js';
import { suspicionsOfEnvironment } from '../../../orchestrator/config/suspicions.js';
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

test('users are looked for in usercases, nowhere, or in a CouchDB that is named whole', () => {
  const read = (HQ_USERS: string): string =>
    readIngestionEnvironment({ ...completeEnvironment(), HQ_USERS }).HQ_USERS;
  const taken = [
    'usercase',
    'none',
    'couchdb+http://couch:5984/commcarehq__users',
    'couchdb+https://reader:p%2Fw%3A@couch.example.org/hq__users',
  ];
  for (const source of taken) assert.equal(read(source), source);
  const refused = [
    'couchdb',
    'usercases',
    'http://couch:5984/hq__users',
    'couchdb+http://couch:5984',
    'couchdb+http://couch:5984/',
    'couchdb+ftp://couch/hq__users',
    'couchdb+http://reader:pass#word@couch/hq__users',
    'couchdb+http://reader:pass word/@couch:a/hq__users',
  ];
  for (const source of refused) {
    const faults = faultsOf(refusal({ ...completeEnvironment(), HQ_USERS: source }));
    assert.equal(faults.length, 1, source);
    assert.match(faults[0] ?? '', /^HQ_USERS: must be usercase, none, or a URL couchdb\+http/);
    assert.doesNotMatch(faults[0] ?? '', /pass.word/);
  }
});

test('hours of maintenance are two times, always or never, in a time zone there is', () => {
  const taken = ['always', 'never', '01:00-05:00', '23:30-04:15'];
  for (const MAINTENANCE_WINDOW of taken)
    assert.equal(
      readIngestionEnvironment({ ...completeEnvironment(), MAINTENANCE_WINDOW }).MAINTENANCE_WINDOW,
      MAINTENANCE_WINDOW,
    );
  for (const MAINTENANCE_WINDOW of ['24:00-05:00', '1:00-5:00', '01:00', '01:60-05:00', 'night'])
    assert.match(
      refusal({ ...completeEnvironment(), MAINTENANCE_WINDOW }).message,
      /MAINTENANCE_WINDOW: must be two times/,
    );
  const zone = refusal({ ...completeEnvironment(), MAINTENANCE_TIME_ZONE: 'Mars' });
  assert.match(zone.message, /MAINTENANCE_TIME_ZONE: must be an IANA time zone/);
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
  assert.match(error.message, /6 faults:/);
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
    ['LOCATION_TYPE_POLL_SECONDS', '0'],
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
  assert.throws(() => readLedgerEnvironment({}), { code: 'CONFIG_INVALID', message: /5 faults:/ });
});

test('a misspelled variable is guessed, and each part of a list is looked at', () => {
  const error = refusal({
    ...completeEnvironment(),
    REDIS_URL: undefined,
    REDIS_URI: 'redis://:top-secret@h',
    HQ_SHARD_DATABASE_URLS: 'postgresql://a:b@h/d, postgresql://a:top#secret/x@h/d',
    SPARK_REST_URLS: 'http://a:6066,b:6066',
    SPARK_MASTER_URL: 'spark://a',
    SPARK_DRIVER_MEMORY: '1gb',
    LOG_FORMAT: 'xml',
  });
  assert.deepEqual(
    faultsOf(error).map((fault) => fault.slice(0, 56)),
    [
      'HQ_SHARD_DATABASE_URLS: its part 2 must be a URL postgre',
      'SPARK_MASTER_URL: must be spark://host:port[,host:port]',
      'SPARK_REST_URLS: its part 2 must be http://host:6066, of',
      'SPARK_DRIVER_MEMORY: must be an amount such as 1g or 768',
      'REDIS_URL: is not set (REDIS_URI is: did you mean that o',
      'LOG_FORMAT: Invalid option: expected one of "plain"|"jso',
    ],
  );
  assert.doesNotMatch(error.message, /top-secret|top#secret/);
});

test('faults of the environment and of lake.yaml are told together', () => {
  const source = { ...completeEnvironment(), REDIS_URL: '', LAKE_CONFIG: '/no/such/lake.yaml' };
  assert.throws(() => readSettings(source), {
    code: 'CONFIG_INVALID',
    message: /2 faults:\n {2}REDIS_URL: is not set\n {2}LAKE_CONFIG: \/no\/such\/lake\.yaml cannot be read/,
  });
});

test('suspicious variables are told without their values; the complete environment has none', () => {
  const read = (changes: Record<string, string>): string[] =>
    suspicionsOfEnvironment(readIngestionEnvironment({ ...completeEnvironment(), ...changes })).map((told) =>
      told.slice(0, told.indexOf(':')),
    );
  assert.deepEqual(read({}), []);
  assert.deepEqual(
    read({
      LEDGER_DATABASE_URL: 'postgresql://hq:x@db/hq',
      LEDGER_RUNNER_DATABASE_URL: 'postgresql://hq:x@db/hq',
      CHECKPOINT_BASE_DIR: 's3a://lake/checkpoint',
      SPARK_REST_SECRET: '',
      MAX_RECORDS_TO_PROCESS: '10',
      STAGING_KEEP_DAYS: '0',
      SPARK_DRIVER_MEMORY: '256m',
    }),
    [
      'LEDGER_DATABASE_URL',
      'LEDGER_RUNNER_DATABASE_URL',
      'CHECKPOINT_BASE_DIR and HQ_DATA_PATH',
      'SPARK_REST_SECRET',
      'MAX_RECORDS_TO_PROCESS',
      'STAGING_KEEP_DAYS',
      'SPARK_DRIVER_MEMORY',
    ],
  );
});

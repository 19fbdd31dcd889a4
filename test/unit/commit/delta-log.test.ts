import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCommit, readTableState, type TableState } from '../../../orchestrator/commit/delta-log.js';
import { verifyLane } from '../../../orchestrator/commit/verify-lane.js';
import type { Lane } from '../../../orchestrator/ledger/lanes.js';
import { APP_ID, LogFixture, TABLE } from './log-fixture.js';

const read = async (log: LogFixture): Promise<TableState | undefined> =>
  readTableState(log.storage, TABLE, APP_ID);
const names = (state: TableState | undefined): string[] => (state?.fields ?? []).map((field) => field.name);
const UNREADABLE = { code: 'DELTA_LOG_UNREADABLE' };

test('no log is no table', async (t) => {
  assert.equal(await read(new LogFixture(t)), undefined);
});

test('the newest checksum and every later commit make the state', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'] });
  await log.commit(1, { txn: '5' });
  await log.checksum(0, ['old'], [[APP_ID, '1']]);
  await log.checksum(1, ['a', 'b'], [[APP_ID, '5']]);
  await log.commit(2, { columns: ['a', 'b', 'c'], txn: '7' });
  await log.commit(3, { txn: '6' });
  const state = await read(log);
  assert.deepEqual([state?.version, names(state), state?.txnVersion], [3n, ['a', 'b', 'c'], 7n]);
});

test('without a checksum all commits are read, and a missing first one is told', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'] });
  await log.commit(1, { txn: '5' });
  assert.equal((await read(log))?.txnVersion, 5n);
  const cleaned = new LogFixture(t);
  await cleaned.commit(1, { txn: '5' });
  await assert.rejects(read(cleaned), UNREADABLE);
});

test('commits missing after the checksum are told, those before it do not matter', async (t) => {
  const log = new LogFixture(t);
  await log.checksum(7, ['a'], [[APP_ID, '5']]);
  await log.commit(7, {});
  assert.equal((await read(log))?.txnVersion, 5n);
  await log.commit(9, { txn: '6' });
  await assert.rejects(read(log), UNREADABLE);
  await log.commit(8, {});
  await log.commit(11, {});
  await assert.rejects(read(log), UNREADABLE);
});

test('a checksum without transactions proves nothing: an older one and the commits do', async (t) => {
  const log = new LogFixture(t);
  await log.checksum(3, ['a'], [[APP_ID, '5']]);
  await log.commit(3, {});
  await log.commit(4, { txn: '6' });
  await log.checksum(4, ['a'], null);
  assert.equal((await read(log))?.txnVersion, 6n);
});

test('from the last checkpoint on is enough, and where it is not the whole log is looked through', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'], txn: '5' });
  await log.checksum(0, ['a'], [[APP_ID, '5']]);
  await log.commit(1, { txn: '6' });
  await log.commit(2, {});
  await log.storage.write(`${TABLE}/_delta_log/_last_checkpoint`, '{"version":2,"size":3}');
  assert.equal((await read(log))?.txnVersion, 6n, 'no checksum since the checkpoint');
  await log.checksum(2, ['a'], [[APP_ID, '6']]);
  await log.commit(3, { txn: '7' });
  assert.equal((await read(log))?.txnVersion, 7n);
  const versions = [];
  for (const txn of [5n, 6n, 7n, 8n])
    versions.push((await findCommit(log.storage, TABLE, APP_ID, txn))?.version);
  assert.deepEqual(versions, [0n, 1n, 3n, undefined]);
  await log.storage.write(`${TABLE}/_delta_log/_last_checkpoint`, 'not what Delta writes');
  assert.equal((await read(log))?.txnVersion, 7n);
});

test('transaction numbers beyond 2^53 are exact, from checksum and commit alike', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'], txn: '9007199254740993' });
  assert.equal((await read(log))?.txnVersion, 9007199254740993n);
  await log.checksum(0, ['a'], [[APP_ID, '4611686018427387905']]);
  assert.equal((await read(log))?.txnVersion, 4611686018427387905n);
});

test('numbers of other writers are not ours', async (t) => {
  const log = new LogFixture(t);
  await log.checksum(
    0,
    ['a'],
    [
      ['dl/other', '99'],
      [APP_ID, '3'],
      ['streaming', '77'],
    ],
  );
  await log.commit(0, { columns: ['a'] });
  await log.commit(1, { txn: '100', appId: 'dl/other' });
  assert.equal((await read(log))?.txnVersion, 3n);
  assert.equal((await readTableState(log.storage, TABLE, 'dl/nobody'))?.txnVersion, -1n);
});

test('other files beside the commits are passed over', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'], txn: '1' });
  for (const ending of ['checkpoint.parquet', 'json.tmp', 'compacted.json', 'crc.bak'])
    await log.raw(9, ending, '?');
  await log.storage.write(`${TABLE}/_delta_log/_last_checkpoint`, '{}');
  await log.storage.write(`${TABLE}/_delta_log/.00000000000000000001.json.crc`, '?');
  assert.equal((await read(log))?.version, 0n);
});

test('a file that is no JSON is told', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'] });
  await log.raw(1, 'json', '{"txn":');
  await assert.rejects(read(log), UNREADABLE);
});

test('the commit of a number is found from the newest back, and not beyond an older number', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'], txn: '64' });
  await log.commit(1, { txn: '128', userMetadata: 'm', metrics: { numSourceRows: '3' } });
  await log.commit(2, {});
  await log.commit(3, { txn: '900', appId: 'dl/other' });
  assert.deepEqual(await findCommit(log.storage, TABLE, APP_ID, 128n), {
    version: 1n,
    userMetadata: 'm',
    metrics: { numSourceRows: '3' },
  });
  assert.equal(await findCommit(log.storage, TABLE, APP_ID, 192n), undefined);
  assert.equal(await findCommit(log.storage, TABLE, APP_ID, 100n), undefined);
});

const LANE: Lane = {
  id: 7n,
  batchId: 1n,
  tableId: 1n,
  state: 'submitted',
  upserts: 5,
  deletes: 1,
  allNew: false,
  attempts: 0,
  pruned: null,
};
const METADATA = JSON.stringify({ lane: '7', run: 'r', batch: '1' });
const METRICS = {
  numSourceRows: '6',
  numTargetRowsInserted: '2',
  numTargetRowsUpdated: '1',
  numTargetRowsDeleted: '1',
  executionTimeMs: '1500',
};
const verify = async (log: LogFixture, txn: bigint): Promise<unknown> =>
  verifyLane(log.storage, TABLE, APP_ID, txn, LANE);

test('a lane is merged when the log holds its number with its metadata and all its rows', async (t) => {
  const log = new LogFixture(t);
  await log.commit(0, { columns: ['a'] });
  assert.equal(await verify(log, 65n), undefined);
  await log.commit(1, { txn: '65', userMetadata: METADATA, metrics: METRICS });
  assert.deepEqual(await verify(log, 65n), {
    deltaVersion: 1n,
    inserted: 2,
    updated: 1,
    deleted: 1,
    refused: 2,
    seconds: 1.5,
    runId: 'r',
  });
  assert.equal(await verify(log, 129n), undefined);
});

test('a number that another lane, another writer or nobody committed halts the lane', async (t) => {
  for (const userMetadata of [
    JSON.stringify({ lane: '8', run: 'r', batch: '1' }),
    'not json',
    '[]',
    '{"lane":7}',
  ]) {
    const log = new LogFixture(t);
    await log.commit(0, { columns: ['a'], txn: '65', userMetadata, metrics: METRICS });
    await assert.rejects(verify(log, 65n), { code: 'STATEMENT_SKIPPED' }, userMetadata);
  }
  const beyond = new LogFixture(t);
  await beyond.commit(0, { columns: ['a'], txn: '129', userMetadata: METADATA, metrics: METRICS });
  await assert.rejects(verify(beyond, 65n), { code: 'STATEMENT_SKIPPED' });
});

test('rows that Spark did not read halt the lane', async (t) => {
  const log = new LogFixture(t);
  const metrics = { ...METRICS, numSourceRows: '5' };
  await log.commit(0, { columns: ['a'], txn: '65', userMetadata: METADATA, metrics });
  await assert.rejects(verify(log, 65n), { code: 'ROWS_MISCOUNTED' });
});

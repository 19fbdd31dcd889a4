import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readTableFiles } from '../../../orchestrator/commit/live-files.js';
import { changesRows, maintenanceCommits } from '../../../orchestrator/commit/maintenance-commit.js';
import { removedBefore } from '../../../orchestrator/commit/removed-files.js';
import { LogFixture, TABLE } from './log-fixture.js';

interface Entry {
  readonly add?: string;
  readonly remove?: string;
  readonly deleted?: number;
  readonly isMaintenance?: boolean;
}

/** A commit of files of ten rows and 100 bytes each, in one month. */
async function commit(log: LogFixture, version: number, at: number, ...entries: Entry[]): Promise<void> {
  const isMaintenance = entries.some((entry) => entry.isMaintenance);
  const info = {
    timestamp: at,
    operation: isMaintenance ? 'OPTIMIZE' : 'MERGE',
    ...(isMaintenance
      ? { userMetadata: '{"maintenance":"7"}', operationMetrics: { numRemovedFiles: '2' } }
      : {}),
  };
  const dataChange = !isMaintenance;
  const lines = entries.flatMap(({ add, remove, deleted }) => [
    ...(add === undefined
      ? []
      : [
          {
            add: {
              ...{ path: add, partitionValues: { month: '2026-01-01' }, size: 100, dataChange },
              stats: '{"numRecords":10,"minValues":{"_id":"\\"numRecords\\":99"}}',
              ...(deleted === undefined ? {} : { deletionVector: { cardinality: deleted } }),
            },
          },
        ]),
    ...(remove === undefined
      ? []
      : [{ remove: { path: remove, size: 100, deletionTimestamp: at, dataChange } }]),
  ]);
  await log.raw(
    version,
    'json',
    [{ commitInfo: info }, ...lines].map((line) => JSON.stringify(line)).join('\n'),
  );
}

async function fourCommits(t: TestContext): Promise<LogFixture> {
  const log = new LogFixture(t);
  await commit(log, 0, 1_000, { add: 'a' }, { add: 'b' });
  // The same file with a vector: added before it is removed, as Delta may write it.
  await commit(log, 1, 2_000, { add: 'a', deleted: 3 }, { remove: 'a' }, { add: 'c' });
  await commit(log, 2, 3_000, { remove: 'b' });
  await commit(log, 3, 4_000, { isMaintenance: true }, { remove: 'a' }, { remove: 'c' }, { add: 'd' });
  return log;
}

test('the files of a table are those that were added and not removed, with their newest vectors', async (t) => {
  const log = new LogFixture(t);
  assert.equal(await readTableFiles(log.storage, TABLE), undefined, 'no log, no table');
  await commit(log, 0, 1_000, { add: 'a' }, { add: 'b' });
  await commit(log, 1, 2_000, { add: 'a', deleted: 3 }, { remove: 'a' }, { remove: 'b' });
  assert.deepEqual(await readTableFiles(log.storage, TABLE), {
    version: 1n,
    files: [{ path: 'a', partition: { month: '2026-01-01' }, bytes: 100, rows: 10, deletedRows: 3 }],
  });
});

test('a log that has lost a commit is refused, not guessed', async (t) => {
  const log = new LogFixture(t);
  await commit(log, 0, 1_000, { add: 'a' });
  await commit(log, 2, 2_000, { add: 'b' });
  await assert.rejects(readTableFiles(log.storage, TABLE), { code: 'DELTA_LOG_UNREADABLE' });
});

test('a checkpoint that is no Parquet is refused', async (t) => {
  const log = new LogFixture(t);
  await log.raw(3, 'checkpoint.parquet', 'PAR1 and nothing else PAR1');
  await assert.rejects(readTableFiles(log.storage, TABLE), { code: 'DELTA_LOG_UNREADABLE' });
});

test('what VACUUM may delete is counted by the age of the commits that removed it', async (t) => {
  const log = await fourCommits(t);
  assert.deepEqual(await removedBefore(log.storage, TABLE, null, 3_500), {
    ...{ files: 2, bytes: 200, through: 2n, isPartial: false },
  });
  assert.deepEqual(await removedBefore(log.storage, TABLE, 1n, 9_000), {
    ...{ files: 3, bytes: 300, through: 3n, isPartial: false },
  });
  assert.deepEqual(await removedBefore(log.storage, TABLE, 3n, 9_000), {
    ...{ files: 0, bytes: 0, through: null, isPartial: false },
  });
});

test('what is gone from the log is said to be missing from the count', async (t) => {
  const log = new LogFixture(t);
  await commit(log, 5, 1_000, { remove: 'a' });
  assert.equal((await removedBefore(log.storage, TABLE, null, 9_000)).isPartial, true);
  assert.equal((await removedBefore(log.storage, TABLE, 4n, 9_000)).isPartial, false);
});

test('OPTIMIZE changes no row, MERGE does, and what the log no longer has may have', async (t) => {
  const log = await fourCommits(t);
  assert.equal(await changesRows(log.storage, TABLE, 2n, 3n), false);
  assert.equal(await changesRows(log.storage, TABLE, 1n, 3n), true);
  assert.equal(await changesRows(log.storage, TABLE, 3n, 4n), true);
});

test('a maintenance run finds its own commit again', async (t) => {
  const log = await fourCommits(t);
  assert.deepEqual(await maintenanceCommits(log.storage, TABLE, 3n, 7n), []);
  assert.deepEqual(await maintenanceCommits(log.storage, TABLE, 2n, 8n), []);
  assert.deepEqual(await maintenanceCommits(log.storage, TABLE, 0n, 7n), [
    { version: 3n, operation: 'OPTIMIZE', metrics: { numRemovedFiles: '2' } },
  ]);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cancelJob } from '../../../orchestrator/jobs/cancel-job.js';
import { jobDetail } from '../../../orchestrator/jobs/job-detail.js';
import type { JobParts } from '../../../orchestrator/jobs/parts.js';
import { retryJob } from '../../../orchestrator/jobs/retry-job.js';
import { openAggregationRun, runFailed, runWritten } from '../../../orchestrator/ledger/aggregation-runs.js';
import { maintenanceFigures } from '../../../orchestrator/ledger/figures.js';
import {
  hasWaitingLane,
  lastMaintenance,
  maintenanceDone,
  maintenanceEnded,
  openMaintenance,
  type MaintenanceKind,
} from '../../../orchestrator/ledger/maintenance.js';
import { insertRun, readRun } from '../../../orchestrator/ledger/runs.js';
import { isOldVersionRead } from '../../../orchestrator/maintenance/due.js';
import { readJob, stageOne, wrongRows } from '../jobs/job-rows.js';
import { openLedger, table, TopicUnderTest, type FreshLedger } from './fresh-ledger.js';

const NAME = { database: 'commcarehq_nutrition', name: 'raw_child_case' };

describe('maintenance in the ledger', () => {
  let ledger: FreshLedger;
  let topic: TopicUnderTest;
  let tableId: bigint;
  before(async () => {
    ledger = await openLedger();
    topic = await TopicUnderTest.open(ledger.database, 'case-sql');
    tableId = await table(ledger.database, 'nutrition', 'child');
  });
  after(async () => {
    await ledger.close();
  });

  const open = (kind: MaintenanceKind): Promise<bigint> =>
    openMaintenance(ledger.database, {
      ...{ domain: 'nutrition', database: NAME.database, table: NAME.name, tableId, kind },
      ...{ partitions: kind === 'optimize' ? ['month=2026-01-01', 'month=2026-02-01'] : [], askedBy: 'asha' },
      versionBefore: 10n,
      before: { files: 40, bytes: 4_000, vectors: 3, deletedRows: 7 },
    });

  test('an OPTIMIZE is a job from its beginning to its end, and what it saved is counted', async () => {
    const id = await open('optimize');
    assert.deepEqual(await wrongRows(ledger.database), []);
    const job = await readJob(ledger.database, `maintenance-${id}`);
    assert.deepEqual(
      [job.kind, job.state, job.title, job.tables, job.requestedBy, job.domain],
      [
        'maintenance',
        'running',
        'OPTIMIZE raw_child_case 2 partitions',
        [`${NAME.database}.${NAME.name}`],
        'asha',
        'nutrition',
      ],
    );
    await assert.rejects(open('vacuum'), 'never two at once on one table');
    await maintenanceDone(ledger.database, id, {
      versionAfter: 11n,
      after: { files: 2, bytes: 3_500, vectors: 0, deletedRows: 0 },
      vacuumed: null,
    });
    assert.deepEqual(await wrongRows(ledger.database), []);
    const last = await lastMaintenance(ledger.database, NAME, 'optimize');
    assert.deepEqual(
      [last?.state, last?.versionAfter, last?.filesBefore, last?.filesAfter],
      ['done', 11n, 40, 2],
    );
    const [figures] = await maintenanceFigures(ledger.database);
    const { kind, outcome, runs, files, bytes, rowsPurged } = figures ?? assert.fail();
    assert.deepEqual([kind, outcome, runs, files, bytes, rowsPurged], ['optimize', 'done', 1, 38, 500, 7]);
    const detail = await jobDetail({ database: ledger.database, workerLogs: null }, `maintenance-${id}`);
    assert.deepEqual([detail.can, detail.parts[0]?.rows], [{ retry: false, cancel: false }, '7']);
  });

  test('one that gave way counts as no failure, and the newest that was done is still known', async () => {
    const id = await open('optimize');
    await maintenanceEnded(ledger.database, id, 'gave_way', 'transient', 'another writer was first');
    assert.equal((await readJob(ledger.database, `maintenance-${id}`)).state, 'cancelled');
    assert.equal((await lastMaintenance(ledger.database, NAME, 'optimize'))?.state, 'gave_way');
    assert.equal((await lastMaintenance(ledger.database, NAME, 'optimize', true))?.versionAfter, 11n);
  });

  test('cancelled, its run is taken from its driver; it is not retried as such', async () => {
    const id = await open('vacuum');
    const run = {
      id: `maintenance-${id}`,
      batchId: null,
      token: 't',
      path: 'maintenance/1',
      runFile: 'file:///r',
    };
    await ledger.database.transaction((tx) => insertRun(tx, run, []));
    const parts = { database: ledger.database, spark: {}, aggregation: null } as unknown as JobParts;
    const act = { by: 'asha', reason: 'not now' };
    await cancelJob(parts, `maintenance-${id}`, act);
    assert.equal((await readRun(ledger.database, run.id)).state, 'voided');
    await assert.rejects(retryJob(parts, `maintenance-${id}`, act), { code: 'ACT_REFUSED' });
    await maintenanceEnded(ledger.database, id, 'gave_way', 'transient', 'cancelled');
    await assert.rejects(cancelJob(parts, `maintenance-${id}`, act), { code: 'ACT_REFUSED' });
    assert.deepEqual(await wrongRows(ledger.database), []);
  });

  test('a merge that may run is waited for, on its own table alone', async () => {
    assert.equal(await hasWaitingLane(ledger.database, tableId), false);
    await stageOne(ledger.database, topic, ['child']);
    assert.equal(await hasWaitingLane(ledger.database, tableId), true);
    const other = await table(ledger.database, 'nutrition', 'mother');
    assert.equal(await hasWaitingLane(ledger.database, other), false);
  });

  test('no file is deleted while a computation reads a version that may need it, or may go on reading it', async () => {
    const { database } = ledger;
    const isRead = (domain = 'nutrition'): Promise<boolean> => isOldVersionRead({ database }, domain);
    assert.equal(await isRead(), false);
    const target = { domain: 'nutrition', model: 'child_care', month: '2026-01-01' };
    const opened = {
      ...target,
      configVersionId: topic.configVersionId,
      modelSha256: 'x',
      sources: new Map(),
    };
    const run = await openAggregationRun(database, opened);
    const began = (days: number): Promise<unknown> =>
      database.query(
        'UPDATE aggregation_run SET created_at = now() - make_interval(days => $2) WHERE id = $1',
        [run.id, days],
      );
    await began(6);
    assert.equal(await isRead(), false, 'what it reads is younger than what goes');
    await began(10);
    assert.equal(await isRead(), true);
    assert.equal(await isRead('other'), false);
    await runFailed(database, run.id, 'transient', 'Spark was away');
    assert.equal(await isRead(), false, 'what wrote nothing begins anew');
    await runWritten(database, run.id, 5n, 10n);
    assert.equal(await isRead(), true, 'what failed after it had written goes on from there');
    await began(31);
    assert.equal(await isRead(), false, 'the log does not reach back so far');
    await began(10);
    const later = await openAggregationRun(database, opened);
    await runFailed(database, later.id, 'transient', 'Spark was away');
    assert.equal(await isRead(), false, 'a later run has taken its place');
  });
});

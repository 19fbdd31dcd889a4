import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { maintenanceContext } from '../../../orchestrator/control-plane/maintenance.js';
import { readIngestionEnvironment } from '../../../orchestrator/config/environment.js';
import { openMaintenance } from '../../../orchestrator/ledger/maintenance.js';
import { insertRun, readRun } from '../../../orchestrator/ledger/runs.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { runMaintenance } from '../../../orchestrator/maintenance/schedule.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';
import { SparkRest } from '../../../orchestrator/submit/spark-rest.js';
import { until } from '../../helpers/until.js';
import { completeEnvironment } from '../../unit/config/complete-environment.js';
import { lease, openLedger, table } from './fresh-ledger.js';

const COUNTS = { files: 2, bytes: 200, vectors: 0, deletedRows: 0 };

test('what a process that died has left is ended by the Delta log, whichever process looks, also outside of the window', async (t) => {
  const ledger = await openLedger();
  const root = mkdtempSync(join(tmpdir(), 'dimagi-lake-left-'));
  t.after(async () => {
    await ledger.close();
    rmSync(root, { recursive: true });
  });
  const { database } = ledger;
  const lake = new FileStorage(`file://${root}`);
  const names = ['child', 'mother'] as const;
  const ids = new Map<string, bigint>();
  for (const name of names) {
    const tableId = await table(database, 'nutrition', name);
    await writeLog(lake, `commcare/nutrition/case-sql/${name}`);
    const id = await openMaintenance(database, {
      ...{ domain: 'nutrition', database: 'commcarehq_nutrition', table: `raw_${name}_case`, tableId },
      ...{
        kind: 'optimize',
        partitions: ['month=2026-01-01'],
        askedBy: 'schedule',
        versionBefore: 0n,
        before: COUNTS,
      },
    });
    const run = {
      id: `maintenance-${id}`,
      batchId: null,
      token: 't',
      path: `maintenance/${id}`,
      runFile: 'file:///r',
    };
    await database.transaction((tx) => insertRun(tx, run, []));
    ids.set(name, id);
  }
  // The driver of one of them had committed before its process died.
  const done = ids.get('child') ?? assert.fail();
  await writeOptimize(lake, 'commcare/nutrition/case-sql/child', done);
  // A third is held by a process that lives.
  const tableId = await table(database, 'nutrition', 'elder');
  const alive = await openMaintenance(database, {
    ...{ domain: 'nutrition', database: 'commcarehq_nutrition', table: 'raw_elder_case', tableId },
    ...{ kind: 'vacuum', partitions: [], askedBy: 'asha', versionBefore: 0n, before: COUNTS },
  });
  await lease(database, 'maintenance:commcarehq_nutrition.raw_elder_case', 'somebody');

  const environment = { ...readIngestionEnvironment(completeEnvironment()), MAINTENANCE_WINDOW: 'never' };
  const stop = new AbortController();
  const loops = ['one', 'two'].map((owner) => {
    const clients = {
      ...{ database, lake, checkpoint: lake, owner, logger: createLogger({ level: 'error' }) },
      spark: new SparkRest(['http://127.0.0.1:9'], undefined),
    };
    const context = maintenanceContext(clients, { environment, aggregatesUrl: undefined });
    return runMaintenance(context, stop.signal, 50);
  });
  await until('both are ended', async () => {
    const rows = await database.query("SELECT 1 FROM maintenance_run WHERE state = 'running'");
    return rows.length === 1;
  });
  stop.abort();
  await Promise.all(loops);
  const rows = await database.query(
    'SELECT id, state, version_after AS version, files_after AS files FROM maintenance_run ORDER BY id',
  );
  assert.deepEqual(rows, [
    { id: done, state: 'done', version: 1n, files: 1n },
    { id: ids.get('mother'), state: 'gave_way', version: null, files: null },
    { id: alive, state: 'running', version: null, files: null },
  ]);
  for (const id of ids.values())
    assert.equal(
      (await readRun(database, `maintenance-${id}`)).state,
      'voided',
      'no driver can claim it any more',
    );
});

/** A table of two files, as Delta writes it. */
async function writeLog(lake: FileStorage, path: string): Promise<void> {
  const actions = [{ commitInfo: { operation: 'MERGE' } }, ...['a', 'b'].map(added)];
  await lake.write(`${path}/_delta_log/${'0'.repeat(20)}.json`, lines(actions));
}

async function writeOptimize(lake: FileStorage, path: string, id: bigint): Promise<void> {
  const userMetadata = JSON.stringify({ maintenance: id.toString() });
  const actions = [
    { commitInfo: { operation: 'OPTIMIZE', userMetadata } },
    ...['a', 'b'].map((name) => ({ remove: { path: name, dataChange: false } })),
    added('c'),
  ];
  await lake.write(`${path}/_delta_log/${'0'.repeat(19)}1.json`, lines(actions));
}

function added(name: string): object {
  const partitionValues = { month: '2026-01-01' };
  return { add: { path: name, partitionValues, size: 100, stats: '{"numRecords":10}' } };
}

function lines(actions: readonly object[]): string {
  return actions.map((action) => JSON.stringify(action)).join('\n');
}

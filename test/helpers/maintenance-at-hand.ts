import assert from 'node:assert/strict';
import type { LiveFile } from '../../orchestrator/commit/live-files.js';
import { readSettings } from '../../orchestrator/config/settings.js';
import { maintenanceContext } from '../../orchestrator/control-plane/maintenance.js';
import { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { createLogger } from '../../orchestrator/logger.js';
import type { MaintenanceContext, Patience } from '../../orchestrator/maintenance/context.js';
import type { OptimizeRule, VacuumRule } from '../../orchestrator/maintenance/rule.js';
import { maintain, type TableReport } from '../../orchestrator/maintenance/run-maintenance.js';
import { maintainedTables } from '../../orchestrator/maintenance/tables.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import type { Closing, FreshLake } from './fresh-lake.js';
import { lakeFiles, lakeRows, type LakeFile } from './lake-rows.js';

/** Maintenance of a test's lake with thresholds of the test's own: real ones need files by the dozen. */
export interface MaintenanceAtHand {
  readonly context: MaintenanceContext;
  look(): Promise<TableReport[]>;
  work(signal?: AbortSignal): Promise<TableReport[]>;
}

export interface Thresholds {
  readonly optimize?: Partial<OptimizeRule>;
  readonly vacuum?: Partial<VacuumRule>;
  readonly patience?: Patience;
}

/** A driver per statement, so that what a test does to the log behind Delta's back is seen. */
export function maintenanceAtHand(
  t: Closing,
  lake: FreshLake,
  { optimize, vacuum, patience }: Thresholds = {},
): MaintenanceAtHand {
  const { environment } = readSettings({ ...process.env, ...lake.env, SPARK_WARM_SECONDS: '0' });
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL, {
    leaseSeconds: environment.LEASE_SECONDS,
  });
  t.after(() => database.close());
  const parts = {
    database,
    lake: openStorage(environment.HQ_DATA_PATH, environment),
    checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
    spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
    owner: 'test',
    logger: createLogger({ level: 'error' }),
  };
  const made = maintenanceContext(parts, { environment, aggregatesUrl: undefined });
  const context: MaintenanceContext = {
    ...made,
    patience: patience ?? made.patience,
    rules: { optimize: { ...made.rules.optimize, ...optimize }, vacuum: { ...made.rules.vacuum, ...vacuum } },
  };
  const asked = { by: 'test', isNow: true, vacuums: true };
  const run = async (dryRun: boolean, signal: AbortSignal): Promise<TableReport[]> =>
    maintain(context, await maintainedTables(context), { asked, dryRun }, signal);
  return {
    context,
    look: () => run(true, new AbortController().signal),
    work: (signal = new AbortController().signal) => run(false, signal),
  };
}

/** What our reader of the log says is what another engine (delta-rs) says, and leaves as many rows as that reads. */
export async function requireSameFiles(
  lake: FreshLake,
  table: string,
  files: readonly LiveFile[],
): Promise<void> {
  const ours = files
    .map(({ path, bytes, rows, partition }): LakeFile => [
      path,
      bytes,
      rows ?? -1,
      partition['month'] ?? null,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(ours, await lakeFiles(lake, table));
  const rows = files.reduce((sum, file) => sum + (file.rows ?? 0) - file.deletedRows, 0);
  assert.equal(rows, (await lakeRows(lake, table)).size);
}

import { readTableFiles, type TableFiles } from '../commit/live-files.js';
import { maintenanceCommits } from '../commit/maintenance-commit.js';
import type { LaneOutcome } from '../commit/run-result.js';
import { crashPoint } from '../crash-point.js';
import { LakeError, type FailureClass } from '../errors.js';
import { requireLease, type Lease } from '../ledger/leases.js';
import {
  maintenanceDone,
  maintenanceEnded,
  openMaintenance,
  openMaintenanceOf,
  outlivedMaintenance,
  type MaintenanceDone,
  type MaintenanceKind,
  type NewMaintenance,
  type OpenMaintenance,
} from '../ledger/maintenance.js';
import { liveRunsOf, voidRun } from '../ledger/runs.js';
import { runOnSpark, type ScriptsOutcome } from '../pipeline/run-on-spark.js';
import type { Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import type { MaintenanceContext } from './context.js';
import { countsOf, labelOf } from './rule.js';
import type { MaintainedTable } from './tables.js';

/** Scripts and results are kept of so many runs of a table. */
const KEPT_RUNS = 10;
/** Months up to so many bytes are rewritten inside the driver; larger ones get executors. */
const LOCAL_BYTES = 2 * 1024 ** 3;

/** How one OPTIMIZE or VACUUM ended. */
export interface StatementEnd {
  readonly id: bigint;
  readonly state: 'done' | 'gave_way' | 'failed';
  readonly failure: string | null;
  readonly done: MaintenanceDone | null;
}

/**
 * Runs one statement as merges are run: its row in the ledger first, then a run that a driver claims. What it did is told by
 * the Delta log, so that whoever finds the row open, after a crash at any point, settles it in the same way.
 * @param render the script, once the row's number is known
 */
export async function runStatement(
  context: MaintenanceContext,
  table: MaintainedTable,
  intent: NewMaintenance,
  render: (id: bigint) => Sql,
  lease: Lease,
  signal: AbortSignal,
): Promise<StatementEnd> {
  const { database, logger } = context;
  const id = await database.transaction(async (tx) => {
    await requireLease(tx, lease);
    return openMaintenance(tx, intent);
  });
  crashPoint('maintenance-opened');
  const scripts = {
    runId: runIdOf(id),
    path: folderOf(id),
    lanes: [{ laneId: 0n, tableName: table.name, script: render(id) }],
    application: applicationOf(intent),
  };
  let ended;
  try {
    ended = await runOnSpark(context, scripts, signal);
  } catch (thrown) {
    // Whoever has the lease now settles it; still ours, what is with Spark is called back.
    const isOurs = !(signal.reason instanceof LakeError && signal.reason.code === 'LEASE_LOST');
    if (isOurs) await settleLeft(context, table).catch(() => undefined);
    throw thrown;
  }
  crashPoint('maintenance-ran');
  const open = { id, kind: intent.kind, partitions: intent.partitions, versionBefore: intent.versionBefore };
  const end = await settle(context, table, open, ended);
  const facts = { table: `${table.database}.${table.name}`, kind: intent.kind, maintenance: id.toString() };
  if (end.state === 'failed') logger.warn('maintenance failed', { ...facts, reason: end.failure });
  else logger.info('maintenance ended', { ...facts, state: end.state });
  await sweep(context, table);
  return end;
}

/**
 * Ends what a process that died has left open of the table: its run is taken from its driver, and what the driver has
 * committed all the same counts. The caller holds the table's lease.
 */
export async function settleLeft(context: MaintenanceContext, table: MaintainedTable): Promise<void> {
  const left = await openMaintenanceOf(context.database, table);
  if (left === undefined) return;
  for (const run of await liveRunsOf(context.database, runIdOf(left.id))) {
    if (run.id !== runIdOf(left.id) || (run.state !== 'submitted' && run.state !== 'claimed')) continue;
    await voidRun(context.database, run.id, run.state, 'the maintenance was taken over by another process');
    if (run.submissionId !== null) await context.spark.kill(run.submissionId);
  }
  await settle(context, table, left, undefined);
}

/** @param ended undefined: nobody knows how its run ended */
async function settle(
  context: MaintenanceContext,
  table: MaintainedTable,
  open: OpenMaintenance,
  ended: ScriptsOutcome | undefined,
): Promise<StatementEnd> {
  const { storage, path } = table;
  const files = await readTableFiles(storage, path);
  if (files === undefined)
    throw new LakeError('DELTA_LOG_UNREADABLE', `The table ${path} has gone while it was looked after`);
  const commits = await maintenanceCommits(storage, path, open.versionBefore, open.id);
  const finished = commits.find(({ operation }) => operation === LAST_COMMIT[open.kind]);
  const outcome = ended?.lanes.get('0');
  const isDone = finished !== undefined || (outcome !== undefined && outcome.failure === undefined);
  if (!isDone) return failed(context, open, ended, outcome);
  const done: MaintenanceDone = {
    versionAfter: finished?.version ?? files.version,
    after: countsOf(filesOf(files, open)),
    vacuumed:
      open.kind === 'optimize'
        ? null
        : {
            files: Number(finished?.metrics['numDeletedFiles'] ?? 0),
            bytes: Number(
              commits.find(({ operation }) => operation === 'VACUUM START')?.metrics['sizeOfDataToDelete'] ??
                0,
            ),
          },
  };
  await maintenanceDone(context.database, open.id, done);
  return { id: open.id, state: 'done', failure: null, done };
}

/** The commit that tells that a statement has done its work. */
const LAST_COMMIT: Readonly<Record<MaintenanceKind, string>> = {
  optimize: 'OPTIMIZE',
  vacuum: 'VACUUM END',
};

function filesOf({ files }: TableFiles, { kind, partitions }: OpenMaintenance): TableFiles['files'] {
  if (kind === 'vacuum') return files;
  return files.filter((file) => partitions.includes(labelOf(file.partition)));
}

/** Two writers that met are no failure: the other one's commit stands, and this is tried again another time. */
async function failed(
  { database }: MaintenanceContext,
  open: OpenMaintenance,
  ended: ScriptsOutcome | undefined,
  outcome: LaneOutcome | undefined,
): Promise<StatementEnd> {
  const reason =
    outcome?.failure?.reason ??
    (ended === undefined
      ? 'its process ended in the middle; nothing was changed'
      : `its driver left no result (the run ended as ${ended.state})`);
  const isConflict = /DELTA_CONCURRENT|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED/.test(reason);
  // A driver that was lost, or that somebody stopped, has changed nothing either.
  const isUndone = ended === undefined || ended.state === 'voided';
  const state = isConflict || isUndone ? 'gave_way' : 'failed';
  const failureClass: FailureClass = isConflict
    ? 'transient'
    : (outcome?.failure?.failureClass ?? 'transient');
  const failure = isConflict ? `another writer was first (${reason})` : reason;
  await maintenanceEnded(database, open.id, state, failureClass, failure);
  return { id: open.id, state, failure, done: null };
}

async function sweep({ database, checkpoint }: MaintenanceContext, table: MaintainedTable): Promise<void> {
  for (const id of await outlivedMaintenance(database, table, KEPT_RUNS))
    await checkpoint.deleteFolder(folderOf(id));
}

/** A driver for maintenance alone: drivers of merges must not be busy with it, and it pays to compile code for it. */
function applicationOf({ kind, before }: NewMaintenance): Application {
  // VACUUM lists and deletes; that needs no executors.
  const size = kind === 'optimize' && before.bytes > LOCAL_BYTES ? 'large' : 'medium';
  return { group: `maintenance:${size}`, name: 'dimagi-lake maintenance', size };
}

function runIdOf(id: bigint): string {
  return `maintenance-${id}`;
}

function folderOf(id: bigint): string {
  return `maintenance/${id}`;
}

import { readTableFiles, type TableFiles } from '../commit/live-files.js';
import { removedBefore, type RemovedFiles } from '../commit/removed-files.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import { lastMaintenance, oldestPinHours } from '../ledger/maintenance.js';
import { pauseOf } from '../ledger/pauses.js';
import type { MaintenanceContext } from './context.js';
import { countsOf, duePartitions, whyVacuum, type DuePartition } from './rule.js';
import type { MaintainedTable } from './tables.js';

const HOUR_MS = 3_600_000;
/** What failed is not tried again by itself before so many hours. */
const AFTER_FAILURE_HOURS = 6;

/** What a table would gain now. */
export interface TableDue {
  readonly table: MaintainedTable;
  readonly files: TableFiles | undefined;
  readonly partitions: readonly DuePartition[];
  /** Null: not due. */
  readonly vacuum: VacuumDue | null;
  /** Why it is left alone although something may be due; null: it is not. */
  readonly held: string | null;
}

export interface VacuumDue {
  readonly reason: string;
  readonly keepHours: number;
  readonly removable: RemovedFiles;
}

export interface AskedBy {
  readonly by: string;
  /** A person wants it now: what failed a while ago is tried again. */
  readonly isNow: boolean;
}

/** Looks what is due, by the Delta log and the ledger; asks Spark nothing. */
export async function tableDue(
  context: MaintenanceContext,
  table: MaintainedTable,
  asked: AskedBy,
): Promise<TableDue> {
  const nothing = { table, files: undefined, partitions: [], vacuum: null };
  const held = await whyHeld(context, table);
  if (held !== null) return { ...nothing, held };
  const files = await readTableFiles(table.storage, table.path);
  if (files === undefined) return { ...nothing, held: 'it has no rows yet' };
  const partitions = (await isAsItWasLeft(context, table, files, asked))
    ? []
    : duePartitions(files.files, context.rules.optimize);
  return { table, files, partitions, vacuum: await vacuumDue(context, table, files, asked), held: null };
}

/** @returns a sentence; null: it may be looked after */
async function whyHeld({ database }: MaintenanceContext, table: MaintainedTable): Promise<string | null> {
  const work = { queue: 'maintenance' as const, table: `${table.database}.${table.name}` };
  const pause = await pauseOf(database, {
    ...work,
    ...(table.lakeTable === null ? {} : { topic: table.lakeTable.topic }),
  });
  if (pause !== undefined) return `paused by ${pause.by}: ${pause.reason}`;
  return table.lakeTable?.isHalted === true ? 'the table is halted' : null;
}

/** Nothing was written since the last OPTIMIZE, or it failed a moment ago: another one would do the same. */
async function isAsItWasLeft(
  { database }: MaintenanceContext,
  table: MaintainedTable,
  { version }: TableFiles,
  { isNow }: AskedBy,
): Promise<boolean> {
  const last = await lastMaintenance(database, table, 'optimize');
  if (last === undefined) return false;
  if (last.state === 'failed') return !isNow && last.secondsAgo < AFTER_FAILURE_HOURS * 3600;
  // A run over some of the due partitions leaves others for the next.
  return last.versionAfter === version && last.filesAfter === last.filesBefore;
}

async function vacuumDue(
  context: MaintenanceContext,
  table: MaintainedTable,
  files: TableFiles,
  { isNow }: AskedBy,
): Promise<VacuumDue | null> {
  const { database, environment, rules } = context;
  const tried = await lastMaintenance(database, table, 'vacuum');
  if (tried?.state === 'failed' && !isNow && tried.secondsAgo < AFTER_FAILURE_HOURS * 3600) return null;
  const last = await lastMaintenance(database, table, 'vacuum', true);
  const hoursSinceLast = last === undefined ? null : last.secondsAgo / 3600;
  // Saves reading commits that would decide nothing.
  if (hoursSinceLast !== null && hoursSinceLast < rules.vacuum.everyHours) return null;
  const keepHours = await hoursToKeep(context, table.domain, environment.MAINTENANCE_KEEP_DAYS);
  const before = (await ledgerNow(database)).getTime() - keepHours * HOUR_MS;
  const removable = await removedBefore(table.storage, table.path, last?.throughVersion ?? null, before);
  const tableBytes = countsOf(files.files).bytes;
  const reason = whyVacuum({ removable, tableBytes, hoursSinceLast }, rules.vacuum);
  return reason === undefined ? null : { reason, keepHours, removable };
}

/** What is promised to readers of older versions, and longer while a computation reads an older one. */
export async function hoursToKeep(
  { database }: Pick<MaintenanceContext, 'database'>,
  domain: string,
  keepDays: number,
): Promise<number> {
  const pinned = await oldestPinHours(database, domain);
  return Math.max(keepDays * 24, pinned === null ? 0 : Math.ceil(pinned) + 24);
}

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
/** How far back versions can be read. It is Delta's own measure (`delta.deletedFileRetentionDuration`), and VACUUM's least. */
export const KEEP_HOURS = 7 * 24;
/** Between the look and the deletion. */
const MARGIN_HOURS = 1;

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
  readonly removable: RemovedFiles;
}

export interface AskedBy {
  readonly by: string;
  /** Whether it is looked for old files too: that reads every commit since the last VACUUM. */
  readonly vacuums: boolean;
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
export async function whyHeld(
  { database }: MaintenanceContext,
  table: MaintainedTable,
): Promise<string | null> {
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
  { isNow, vacuums }: AskedBy,
): Promise<VacuumDue | null> {
  if (!vacuums) return null;
  const { database, rules } = context;
  const tried = await lastMaintenance(database, table, 'vacuum');
  if (tried?.state === 'failed' && !isNow && tried.secondsAgo < AFTER_FAILURE_HOURS * 3600) return null;
  const last = await lastMaintenance(database, table, 'vacuum', true);
  const hoursSinceLast = last === undefined ? null : last.secondsAgo / 3600;
  // Saves reading commits that would decide nothing.
  if (hoursSinceLast !== null && hoursSinceLast < rules.vacuum.everyHours) return null;
  if (await isOldVersionRead(context, table.domain)) return null;
  const before = (await ledgerNow(database)).getTime() - KEEP_HOURS * HOUR_MS;
  const removable = await removedBefore(table.storage, table.path, last?.throughVersion ?? null, before);
  const tableBytes = countsOf(files.files).bytes;
  const reason = whyVacuum({ removable, tableBytes, hoursSinceLast }, rules.vacuum);
  return reason === undefined ? null : { reason, removable };
}

/**
 * Whether a computation goes on, or may go on, that reads a version so old that its files could be deleted. What Delta has
 * removed it remembers for KEEP_HOURS: a longer retention told to VACUUM alone would not keep such files.
 */
export async function isOldVersionRead(
  { database }: Pick<MaintenanceContext, 'database'>,
  domain: string,
): Promise<boolean> {
  const pinned = await oldestPinHours(database, domain);
  return pinned !== null && pinned >= KEEP_HOURS - MARGIN_HOURS;
}

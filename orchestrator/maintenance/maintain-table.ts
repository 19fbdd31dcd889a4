import { setTimeout as sleep } from 'node:timers/promises';
import { readTableFiles, type TableFiles } from '../commit/live-files.js';
import { removedBefore, type RemovedFiles } from '../commit/removed-files.js';
import { LakeError } from '../errors.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import { aggregationLease } from '../ledger/aggregation-runs.js';
import { withLeases, type Lease } from '../ledger/leases.js';
import {
  hasWaitingLane,
  isComputing,
  lastMaintenance,
  oldestPinHours,
  type NewMaintenance,
} from '../ledger/maintenance.js';
import { pauseOf } from '../ledger/pauses.js';
import { renderOptimize, renderVacuum } from '../sql/maintenance.js';
import type { MaintenanceContext } from './context.js';
import { countsOf, duePartitions, inStatements, whyVacuum, type DuePartition } from './rule.js';
import { runStatement, settleLeft, type StatementEnd } from './run-statement.js';
import type { MaintainedTable } from './tables.js';

const LOOK_EVERY_MS = 250;
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

/** One statement of a table, as it was meant and as it ended. */
export interface TableStatement {
  readonly kind: 'optimize' | 'vacuum';
  readonly reason: string;
  readonly intent: NewMaintenance;
  readonly seconds: number;
  /** Null: the table had no room for it. */
  readonly end: StatementEnd | null;
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

/**
 * Does what is due on a table: OPTIMIZE of due partitions, statement by statement, then VACUUM. Each statement has the
 * table's lease to itself, as merges have, and between two of them merges take their turn.
 */
export async function maintainTable(
  context: MaintenanceContext,
  due: TableDue,
  asked: AskedBy,
  signal: AbortSignal,
): Promise<TableStatement[]> {
  const { table, files, vacuum } = due;
  const done: TableStatement[] = [];
  if (files === undefined) return done;
  for (const partitions of inStatements(due.partitions, context.rules.optimize)) {
    const statement = await optimize(context, table, partitions, asked, signal);
    if (statement === undefined) continue;
    done.push(statement);
    if (statement.end?.state !== 'done') return done;
  }
  if (vacuum !== null) done.push(await vacuumTable(context, table, vacuum, asked, signal));
  return done;
}

/** Undefined: somebody else has done it meanwhile. */
async function optimize(
  context: MaintenanceContext,
  table: MaintainedTable,
  wanted: readonly DuePartition[],
  asked: AskedBy,
  signal: AbortSignal,
): Promise<TableStatement | undefined> {
  const { optimize: rule } = context.rules;
  const labels = wanted.map(({ label }) => label);
  const months = wanted.map(({ values }) => values['month'] ?? null);
  const reason = [...new Set(wanted.map((partition) => partition.reason))].join('; ');
  const intentOf = (files: TableFiles, partitions: readonly DuePartition[]): NewMaintenance => ({
    ...subjectOf(table, asked),
    kind: 'optimize',
    partitions: partitions.map(({ label }) => label),
    versionBefore: files.version,
    before: partitions.reduce(
      (sum, { files: count, bytes, vectors, deletedRows }) => ({
        files: sum.files + count,
        bytes: sum.bytes + bytes,
        vectors: sum.vectors + vectors,
        deletedRows: sum.deletedRows + deletedRows,
      }),
      { files: 0, bytes: 0, vectors: 0, deletedRows: 0 },
    ),
  });
  const took = await withTurn(context, table, months, signal, async (lease, both) => {
    // Merges that went before may have made other partitions of it.
    const files = await presentFiles(table);
    const partitions = duePartitions(files.files, rule).filter(({ label }) => labels.includes(label));
    if (partitions.length === 0) return { statement: undefined };
    const intent = intentOf(files, partitions);
    const render = (id: bigint): ReturnType<typeof renderOptimize> =>
      renderOptimize({
        maintenanceId: id,
        url: `${table.storage.url}/${table.path}`,
        partitions: partitions.map(({ values }) => values),
        maxFileBytes: rule.maxFileBytes,
        minFileBytes: rule.minFileBytes,
        deletedShare: rule.deletedShareOfFile,
      });
    const begin = performance.now();
    const end = await runStatement(context, table, intent, render, lease, both);
    const seconds = (performance.now() - begin) / 1000;
    return { statement: { kind: 'optimize' as const, reason, intent, seconds, end } };
  });
  if (took !== undefined) return took.statement;
  return {
    kind: 'optimize',
    reason,
    intent: intentOf(await presentFiles(table), wanted),
    seconds: 0,
    end: null,
  };
}

async function vacuumTable(
  context: MaintenanceContext,
  table: MaintainedTable,
  { reason, keepHours, removable }: VacuumDue,
  asked: AskedBy,
  signal: AbortSignal,
): Promise<TableStatement> {
  const files = await presentFiles(table);
  const intent: NewMaintenance = {
    ...subjectOf(table, asked),
    ...{
      kind: 'vacuum',
      partitions: [],
      versionBefore: files.version,
      before: countsOf(files.files),
      keepHours,
    },
    ...(removable.through === null ? {} : { throughVersion: removable.through }),
  };
  const url = `${table.storage.url}/${table.path}`;
  const took = await withTurn(context, table, [], signal, async (lease, both) => {
    // What was pinned while this waited for its turn counts too.
    const keep = Math.max(
      keepHours,
      await hoursToKeep(context, table.domain, context.environment.MAINTENANCE_KEEP_DAYS),
    );
    const render = (id: bigint): ReturnType<typeof renderVacuum> =>
      renderVacuum({ maintenanceId: id, url, keepHours: keep });
    const present = { ...intent, versionBefore: (await presentFiles(table)).version, keepHours: keep };
    const begin = performance.now();
    const end = await runStatement(context, table, present, render, lease, both);
    return { end, seconds: (performance.now() - begin) / 1000 };
  });
  return { kind: 'vacuum', reason, intent, seconds: took?.seconds ?? 0, end: took?.end ?? null };
}

/**
 * Takes the table's turn: its lease, as merges take it. A merge that waits goes first, but not for ever: on a table that is
 * always merged into, maintenance takes its turn between two merges after a while.
 * @param months of an aggregation's table: those that are written
 * @returns undefined when there was no room
 */
async function withTurn<T>(
  context: MaintenanceContext,
  table: MaintainedTable,
  months: readonly (string | null)[],
  signal: AbortSignal,
  act: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { database, owner, patience } = context;
  const own = `maintenance:${table.database}.${table.name}`;
  const names = [own, ...writersOf(table, months)];
  const began = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const waited = performance.now() - began;
    if (waited > patience.quietMs || !(await isWantedBy(context, table))) {
      const done = await withLeases(database, names, owner, async (leases, lost) => {
        const lease = leases.find(({ name }) => name === own);
        if (lease === undefined) throw new LakeError('INTERNAL', 'a lease was taken and is not there');
        await settleLeft(context, table);
        return { result: await act(lease, AbortSignal.any([signal, lost])) };
      });
      if (done !== undefined) return done.result;
    }
    if (waited > patience.mostMs) return undefined;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Leases under which others write the table. */
function writersOf(table: MaintainedTable, months: readonly (string | null)[]): string[] {
  if (table.lakeTable !== null) return [`table:${table.lakeTable.id}`];
  return months.map((month) => aggregationLease({ domain: table.domain, model: table.name, month }));
}

async function isWantedBy({ database }: MaintenanceContext, table: MaintainedTable): Promise<boolean> {
  return table.lakeTable === null
    ? isComputing(database, table.domain, table.name)
    : hasWaitingLane(database, table.lakeTable.id);
}

async function presentFiles({ storage, path }: MaintainedTable): Promise<TableFiles> {
  const files = await readTableFiles(storage, path);
  if (files !== undefined) return files;
  throw new LakeError('DELTA_LOG_UNREADABLE', `The table ${path} has gone while it was looked after`);
}

function subjectOf(
  { domain, database, name, lakeTable }: MaintainedTable,
  { by }: AskedBy,
): Pick<NewMaintenance, 'domain' | 'database' | 'table' | 'tableId' | 'askedBy'> {
  return { domain, database, table: name, tableId: lakeTable?.id ?? null, askedBy: by };
}

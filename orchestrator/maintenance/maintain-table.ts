import { readTableFiles, type TableFiles } from '../commit/live-files.js';
import { LakeError } from '../errors.js';
import type { NewMaintenance } from '../ledger/maintenance.js';
import { renderOptimize, renderVacuum } from '../sql/maintenance.js';
import type { MaintenanceContext } from './context.js';
import { isOldVersionRead, KEEP_HOURS, type AskedBy, type TableDue, type VacuumDue } from './due.js';
import { countsOf, duePartitions, inStatements, type DuePartition } from './rule.js';
import { runStatement, type StatementEnd } from './run-statement.js';
import type { MaintainedTable } from './tables.js';
import { withTurn } from './take-turn.js';

/** One statement of a table, as it was meant and as it ended. */
export interface TableStatement {
  readonly kind: 'optimize' | 'vacuum';
  readonly reason: string;
  readonly intent: NewMaintenance;
  readonly seconds: number;
  /** Null: the table had no room for it. */
  readonly end: StatementEnd | null;
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
  { reason, removable }: VacuumDue,
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
      keepHours: KEEP_HOURS,
    },
    ...(removable.through === null ? {} : { throughVersion: removable.through }),
  };
  const url = `${table.storage.url}/${table.path}`;
  const took = await withTurn(context, table, [], signal, async (lease, both) => {
    // What began while this waited for its turn counts too.
    if (await isOldVersionRead(context, table.domain)) return undefined;
    const render = (id: bigint): ReturnType<typeof renderVacuum> =>
      renderVacuum({ maintenanceId: id, url, keepHours: KEEP_HOURS });
    const present = { ...intent, versionBefore: (await presentFiles(table)).version };
    const begin = performance.now();
    const end = await runStatement(context, table, present, render, lease, both);
    return { end, seconds: (performance.now() - begin) / 1000 };
  });
  return { kind: 'vacuum', reason, intent, seconds: took?.seconds ?? 0, end: took?.end ?? null };
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

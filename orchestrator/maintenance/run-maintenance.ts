import { asLakeError } from '../errors.js';
import { withLeases } from '../ledger/leases.js';
import { openMaintenances } from '../ledger/maintenance.js';
import type { Logger } from '../logger.js';
import type { MaintenanceContext } from './context.js';
import { tableDue, type AskedBy, type TableDue } from './due.js';
import { maintainTable, type TableStatement } from './maintain-table.js';
import { settleLeft } from './run-statement.js';
import { maintainedTables, type MaintainedTable } from './tables.js';

/** A writer's draft of a commit that is older than this has no writer any more. */
const DRAFT_MS = 24 * 3_600_000;

/** What was due on a table, and what came of it. */
export interface TableReport {
  readonly due: TableDue;
  readonly statements: readonly TableStatement[];
  /** Why it could not be looked at; null: it was. */
  readonly failure: string | null;
}

export interface MaintenanceOptions {
  readonly asked: AskedBy;
  /** Only look. */
  readonly dryRun?: boolean;
  /** Asked before each table: whether to go on. */
  readonly goOn?: () => boolean;
}

/**
 * Looks at each of the tables and does what is due, one table after the other: maintenance has no hurry, and takes no more
 * of the cluster than one driver. A table that can't be looked after keeps no other from it.
 */
export async function maintain(
  context: MaintenanceContext,
  tables: readonly MaintainedTable[],
  { asked, dryRun = false, goOn = () => true }: MaintenanceOptions,
  signal: AbortSignal,
): Promise<TableReport[]> {
  const reports: TableReport[] = [];
  const isStopped = (): boolean => signal.aborted;
  for (const table of tables) {
    if (isStopped() || !goOn()) break;
    const nothing: TableDue = { table, files: undefined, partitions: [], vacuum: null, held: null };
    let due = nothing;
    try {
      due = await tableDue(context, table, asked);
      const statements = dryRun ? [] : await maintainTable(context, due, asked, signal);
      if (!dryRun) await deleteDrafts(table, context.logger);
      reports.push({ due, statements, failure: null });
    } catch (thrown) {
      if (isStopped()) throw thrown;
      const { code, message } = asLakeError(thrown);
      const name = `${table.database}.${table.name}`;
      context.logger.warn('table not looked after', { table: name, code, reason: message });
      reports.push({ due, statements: [], failure: `${code}: ${message}` });
    }
  }
  return reports;
}

async function deleteDrafts(table: MaintainedTable, logger: Logger): Promise<void> {
  const drafts = await table.storage.deleteLeftovers(`${table.path}/_delta_log`, DRAFT_MS);
  if (drafts > 0)
    logger.info('drafts of killed writers deleted', { table: `${table.database}.${table.name}`, drafts });
}

/** Ends what processes that died have left open, on whatever table. */
export async function settleAllLeft(context: MaintenanceContext): Promise<void> {
  const { database, owner } = context;
  const open = await openMaintenances(database);
  if (open.size === 0) return;
  for (const table of await maintainedTables(context)) {
    const name = `${table.database}.${table.name}`;
    if (!open.has(name)) continue;
    await withLeases(database, [`maintenance:${name}`], owner, () => settleLeft(context, table));
  }
}

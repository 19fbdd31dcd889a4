import type { Command } from 'commander';
import { readLedgerEnvironment } from '../config/environment.js';
import { LedgerDatabase } from '../ledger/database.js';
import { tableTotals, type TableTotals } from '../ledger/totals.js';
import { printTable } from './print-table.js';

export function registerTables(program: Command): void {
  program
    .command('tables')
    .description('every lake table with its rows, merges and state')
    .option('--json', 'print the result as JSON')
    .action(async (options: { json?: boolean }) => {
      const database = new LedgerDatabase(readLedgerEnvironment().LEDGER_DATABASE_URL);
      try {
        printTables(await tableTotals(database), options.json ?? false);
      } finally {
        await database.close();
      }
    });
}

/** The table of tables: one line per lake table, as the ledger and the Delta log have it. */
export function printTables(totals: readonly TableTotals[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(totals, null, 2)}\n`);
    return;
  }
  printTable(
    ['table', 'state', 'rows', 'inserted', 'updated', 'deleted', 'refused', 'version', 'seconds', 'path'],
    totals.map((table) => [
      `${table.database}.${table.table}`,
      table.state,
      table.rows,
      table.inserted,
      table.updated,
      table.deleted,
      table.refused,
      table.deltaVersion ?? '-',
      table.seconds.toFixed(1),
      table.path,
    ]),
  );
}

import type { Command } from 'commander';
import { tableTotals, type TableTotals } from '../ledger/totals.js';
import { NAMES_TOLD } from '../shape/overflow.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

/** Paths without a column that are told by name. */
const SHOWN = 3;

export function registerTables(program: Command): void {
  withExamples(
    program
      .command('tables')
      .description('every lake table: its rows, all that was ever merged into it, its state')
      .option('--json', 'print the result as JSON')
      .action(async (options: { json?: boolean }) => {
        const tables = await withLedger(tableTotals);
        if (options.json) printJson({ tables });
        else if (tables.length === 0) printLine('No table yet: `dimagi-lake ingestion <topic>` makes them.');
        else printTables(tables);
      }),
    {
      'dimagi-lake tables': 'totals of all time; `ingestion` prints what one run did',
      'dimagi-lake tables --json': 'with the reason of a halted table',
    },
  );
}

/** The table of tables: one line per lake table, as the ledger and the Delta log have it. */
export function printTables(totals: readonly TableTotals[]): void {
  printTable(
    [
      ...['table', 'state', 'rows', 'inserted', 'updated', 'deleted', 'refused', 'seconds', 'version'],
      ...['last merge', 'path'],
    ],
    totals.map((table) => [
      `${table.database}.${table.table}`,
      table.state,
      table.rows,
      table.inserted,
      table.updated,
      table.deleted,
      table.refused,
      table.seconds.toFixed(1),
      table.deltaVersion ?? '-',
      table.lastMergeAt?.slice(0, 19).replace('T', ' ') ?? '-',
      table.path,
    ]),
  );
  for (const { database, table, reason } of totals)
    if (reason !== null) printLine(paint('red', `${database}.${table} is halted: ${reason}`));
  for (const { database, table, overflow } of totals)
    if (overflow !== null) printLine(paint('yellow', `${database}.${table} ${turnedAway(overflow)}`));
}

/** What a table at its limit turns away, in a line. */
function turnedAway({ limit, names }: NonNullable<TableTotals['overflow']>): string {
  const more =
    names.length > SHOWN
      ? ` and ${names.length - SHOWN}${names.length === NAMES_TOLD ? ' or' : ''} more`
      : '';
  return `has its ${limit} columns (MAX_TABLE_COLUMNS); _overflow holds ${names.slice(0, SHOWN).join(', ')}${more}`;
}

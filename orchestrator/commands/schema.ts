import type { Command } from 'commander';
import { readSchemaChanges, type SchemaEvent } from '../ledger/schema-changes.js';
import { typeText } from '../shape/schema-changes.js';
import { presentColumns } from '../shape/target-shape.js';
import { findTable } from './find-table.js';
import { withExamples } from './help.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

interface Flags {
  readonly history?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function registerSchema(program: Command): void {
  withExamples(
    program
      .command('schema')
      .argument('<table>', 'as `dimagi-lake tables` prints it; the database may be left out')
      .description(
        "a table's free columns with their types, or what changed in them, when and by which record",
      )
      .option('--history', 'the changes, newest first')
      .option('--limit <n>', 'changes at most', Number, 200)
      .option('--json', 'print the result as JSON')
      .action(async (name: string, flags: Flags) => {
        await schema(name, flags);
      }),
    {
      'dimagi-lake schema raw_child_care_case': 'columns as they are now',
      'dimagi-lake schema raw_child_care_case --history': 'with batch, offset and document of each change',
    },
  );
}

async function schema(name: string, flags: Flags): Promise<void> {
  await withLedger(async (database) => {
    const table = await findTable(database, name);
    const columns = presentColumns(table).map((column) => ({
      column: column.name,
      type: typeText(column.type),
    }));
    const history = await readSchemaChanges(database, table.id, flags.limit);
    if (flags.json)
      printJson({ table: `${table.databaseName}.${table.tableName}`, columns, history: history.map(plain) });
    else if (flags.history) printHistory(history);
    else
      printTable(
        ['column', 'type'],
        columns.map(({ column, type }) => [column, type]),
      );
  });
}

function plain(event: SchemaEvent): Record<string, unknown> {
  return { ...event, batchId: event.batchId.toString(), deltaVersion: event.deltaVersion.toString() };
}

function printHistory(history: readonly SchemaEvent[]): void {
  if (history.length === 0) {
    printLine('Nothing has changed since the table was made.');
    return;
  }
  printTable(
    ['at', 'version', 'batch', 'column', 'change', 'from', 'to', 'record', 'offset', 'read again'],
    history.map((event) => [
      event.at.toISOString().slice(0, 19).replace('T', ' '),
      event.deltaVersion.toString(),
      event.batchId.toString(),
      event.column,
      event.change,
      event.from ?? '-',
      event.to ?? '-',
      event.recordId ?? '-',
      event.partition === null ? '-' : `${event.partition}:${event.offset ?? ''}`,
      event.reread ? 'yes' : '-',
    ]),
  );
}

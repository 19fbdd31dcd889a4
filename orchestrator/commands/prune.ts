import type { Command } from 'commander';
import { deadColumns, planPrune } from '../pipeline/prune.js';
import { typeText } from '../shape/schema-changes.js';
import { presentColumns } from '../shape/target-shape.js';
import { TOPIC_OF_KIND } from '../types.js';
import { findTable } from './find-table.js';
import { withExamples } from './help.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withSpark } from './with-spark.js';

interface Flags {
  readonly drop?: boolean;
  readonly json?: boolean;
}

export function registerPrune(program: Command): void {
  withExamples(
    program
      .command('prune')
      .argument('<table>', 'as `dimagi-lake tables` prints it; the database may be left out')
      .argument('[columns...]', 'only these; default: every dead one')
      .description('columns that no record of the table has any more: list them, drop them')
      .option('--drop', 'plan a batch that drops those that are dead when its turn has come')
      .option('--json', 'print the result as JSON')
      .action(async (name: string, columns: string[], flags: Flags) => {
        await prune(name, columns, flags);
      }),
    {
      'dimagi-lake prune raw_visit_form': 'what is dead; asks Spark, changes nothing',
      'dimagi-lake prune raw_visit_form --drop': 'one rewrite of the table, in the order of its batches',
    },
    [
      'Older versions of the table keep the columns. A field that comes back becomes a column again, under the same name.',
    ],
  );
}

async function prune(name: string, only: readonly string[], flags: Flags): Promise<void> {
  await withSpark(async ({ context, lake, signal }) => {
    const { database, checkpoint } = context;
    const table = await findTable(database, name);
    const full = `${table.databaseName}.${table.tableName}`;
    const wanted = new Set(only.map((column) => column.toLowerCase()));
    const columns = presentColumns(table).filter(
      (column) => wanted.size === 0 || wanted.has(column.name.toLowerCase()),
    );
    const dead = await deadColumns(context, lake, table, columns, signal);
    const batch =
      flags.drop === true && dead.length > 0
        ? await database.transaction((tx) => planPrune(tx, checkpoint, table, dead))
        : undefined;
    const told = dead.map((column) => ({ column: column.name, type: typeText(column.type) }));
    if (flags.json) {
      printJson({ table: full, columns: columns.length, dead: told, batch: batch?.toString() ?? null });
      return;
    }
    printLine(`${full}: ${counted(dead.length, 'column')} of ${columns.length} without any value`);
    if (told.length > 0)
      printTable(
        ['column', 'type'],
        told.map(({ column, type }) => [column, type]),
      );
    if (batch !== undefined)
      printLine(
        `batch ${batch} drops them: a running ingestion takes it up, or run \`dimagi-lake ingestion ${TOPIC_OF_KIND[table.kind]} --once\``,
      );
  });
}

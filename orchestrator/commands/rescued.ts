import type { Command } from 'commander';
import { readTableState } from '../commit/delta-log.js';
import { readSettings } from '../config/settings.js';
import type { LakeTable } from '../ledger/tables.js';
import { askSpark } from '../pipeline/spark-query.js';
import { isTyped } from '../shape/column-types.js';
import { OVERFLOW } from '../shape/overflow.js';
import { presentColumns } from '../shape/target-shape.js';
import { rescuedCountsQuestion, rescuedRowsQuestion } from '../sql/questions.js';
import { RESCUED } from '../sql/rescued.js';
import type { Storage } from '../storage/storage.js';
import { findTable } from './find-table.js';
import { withExamples } from './help.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withSpark } from './with-spark.js';

interface Flags {
  readonly overflow?: boolean;
  readonly column?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface ColumnCount {
  readonly column: string;
  readonly texts: number;
  readonly empty: number;
}

interface RescuedRow {
  readonly id: string;
  readonly texts: readonly { readonly key: string; readonly value: string }[];
}

interface Rescued {
  readonly rows: number;
  readonly columns: readonly ColumnCount[];
  readonly newest: readonly RescuedRow[];
}

const NOTHING: Rescued = { rows: 0, columns: [], newest: [] };

export function registerRescued(program: Command): void {
  withExamples(
    program
      .command('rescued')
      .argument('<table>', 'as `dimagi-lake tables` prints it; the database may be left out')
      .description("texts that are no value of their column's declared type: counts per column, newest rows")
      .option(
        '--overflow',
        'texts without a column instead: the table has as many as MAX_TABLE_COLUMNS allows',
      )
      .option('--column <name>', 'rows of this column only')
      .option('--limit <n>', 'rows at most', Number, 20)
      .option('--json', 'print the result as JSON')
      .action(async (name: string, flags: Flags) => {
        await rescued(name, flags);
      }),
    {
      'dimagi-lake rescued raw_child_care_case': 'counts per column and the newest rows; asks Spark',
      'dimagi-lake rescued raw_child_care_case --column case_json__weight --limit 200 --json': 'for machines',
      'dimagi-lake rescued raw_visit_form --overflow':
        'paths without a column, and the newest rows that have them',
    },
  );
}

async function rescued(name: string, flags: Flags): Promise<void> {
  await withSpark(async ({ context, lake, signal }) => {
    const table = await findTable(context.database, name);
    const full = `${table.databaseName}.${table.tableName}`;
    const texts = flags.overflow === true ? OVERFLOW : RESCUED;
    const mayHold = texts === OVERFLOW ? await hasOverflow(lake, table) : hasTypes(table);
    const found = mayHold ? await ask(`${lake.url}/${table.path}`, flags) : NOTHING;
    if (flags.json) printJson({ table: full, ...found });
    else if (texts === OVERFLOW) printOverflow(full, found);
    else if (!mayHold) printLine(`${full} has no column with a declared type: nothing can be rescued.`);
    else print(full, found);

    async function ask(tableUrl: string, { column, limit }: Flags): Promise<Rescued> {
      const questions = [
        rescuedCountsQuestion(tableUrl, texts),
        rescuedRowsQuestion(tableUrl, column, limit, texts),
      ];
      const [counts, rows] = await askSpark(context, questions, signal);
      return {
        rows: Number(counts?.['rows'] ?? 0),
        columns: JSON.parse(counts?.['columns'] ?? '[]') as ColumnCount[],
        newest: JSON.parse(rows?.['rows'] ?? '[]') as RescuedRow[],
      };
    }
  }, readSettings());
}

function hasTypes(table: LakeTable): boolean {
  return presentColumns(table).some((column) => isTyped(column.type));
}

async function hasOverflow(lake: Storage, table: LakeTable): Promise<boolean> {
  const state = await readTableState(lake, table.path, '');
  return state?.fields.some(({ name }) => name === OVERFLOW) === true;
}

function print(table: string, found: Rescued): void {
  if (found.rows === 0) {
    printLine(`${table}: every text is a value of its declared type.`);
    return;
  }
  printLine(`${table}: ${counted(found.rows, 'row')} with rescued texts`);
  printTexts(found);
  printLine(
    'Mend the values in HQ, or declare another type in lake.yaml and run `dimagi-lake config apply`.',
  );
}

function printOverflow(table: string, found: Rescued): void {
  if (found.rows === 0) {
    printLine(`${table}: every text has a column.`);
    return;
  }
  printLine(`${table}: ${counted(found.rows, 'row')} with texts that have no column`);
  printTexts(found);
  printLine(
    'Make room by `dimagi-lake prune` or a greater MAX_TABLE_COLUMNS; `dimagi-lake reprocess` then brings old rows into columns.',
  );
}

function printTexts({ columns, newest }: Rescued): void {
  printTable(
    ['column', 'texts', 'of them empty'],
    columns.map((column) => [column.column, column.texts, column.empty]),
  );
  printLine('');
  printTable(
    ['record', 'place', 'text'],
    newest.flatMap(({ id, texts }) => texts.map(({ key, value }) => [id, key, JSON.stringify(value)])),
  );
}

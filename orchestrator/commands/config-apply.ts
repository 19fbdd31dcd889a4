import { readLedgerEnvironment } from '../config/environment.js';
import { hashKeyCheck, requireHashKey } from '../config/hash-key.js';
import { loadLakeConfig } from '../config/lake.js';
import { readSettings } from '../config/settings.js';
import { LedgerDatabase } from '../ledger/database.js';
import { migrateLedger } from '../ledger/migrate.js';
import {
  applyConfig,
  forecast,
  retypedTables,
  type Retyped,
  type RetypeForecast,
} from '../pipeline/retype.js';
import { openStorage } from '../storage/open-storage.js';
import { loadHooks } from '../transform/load-hooks.js';
import { TOPIC_OF_KIND } from '../types.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withSpark } from './with-spark.js';

/** Makes LAKE_CONFIG the active configuration, and plans what its types ask of tables that are there. */
export async function apply(json: boolean): Promise<void> {
  const environment = readLedgerEnvironment();
  const lake = loadLakeConfig(environment.LAKE_CONFIG);
  requireHashKey(environment, lake);
  await loadHooks(lake);
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  try {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const checkpoint = openStorage(environment.CHECKPOINT_BASE_DIR, environment);
    const retyped = await retypedTables(database, lake);
    const stored = { ...lake, hashKeyCheck: hashKeyCheck(environment, lake) };
    const { version, batches } = await applyConfig(database, checkpoint, stored, retyped);
    const tables = retyped.map((each) => ({
      ...told(each),
      batch: batches.get(each.table.id)?.toString() ?? null,
    }));
    if (json) {
      printJson({ file: environment.LAKE_CONFIG, version: version.toString(), sha256: lake.sha256, tables });
      return;
    }
    printLine(`configuration version ${version} is active`);
    if (tables.length === 0) return;
    printChanges(tables);
    const topics = [...new Set(retyped.map(({ table }) => TOPIC_OF_KIND[table.kind]))];
    printLine(
      `A running ingestion changes the tables; or run: ${topics.map((topic) => `dimagi-lake ingestion ${topic} --once`).join(', ')}`,
    );
  } finally {
    await database.close();
  }
}

/** Tells what {@link apply} would do to the rows that are there; writes nothing. */
export async function dryRun(json: boolean): Promise<void> {
  const settings = readSettings();
  await withSpark(async ({ context, lake, signal }) => {
    const tables = [];
    for (const each of await retypedTables(context.database, settings.config))
      tables.push({ ...told(each), ...(await forecast(context, lake, each, signal)) });
    if (json) printJson({ file: settings.environment.LAKE_CONFIG, tables });
    else if (tables.length === 0) printLine('No table gets another type.');
    else printForecast(tables);
  }, settings);
}

interface Told {
  readonly table: string;
  readonly changes: readonly {
    readonly column: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly reread: boolean;
  }[];
}

function told({ table, changes }: Retyped): Told {
  return {
    table: `${table.databaseName}.${table.tableName}`,
    changes: changes.map(({ column, from, to, reread }) => ({ column, from, to, reread })),
  };
}

function printChanges(tables: readonly Told[]): void {
  printTable(
    ['table', 'column', 'from', 'to', 'history'],
    tables.flatMap(({ table, changes }) =>
      changes.map(({ column, from, to, reread }) => [
        table,
        column,
        from ?? '-',
        to ?? '-',
        reread ? 'read from HQ again' : 'converted exactly',
      ]),
    ),
  );
}

function printForecast(tables: readonly (Told & RetypeForecast)[]): void {
  printChanges(tables);
  for (const { table, rows, changes, rescuedNow, rescuedThen, sample } of tables) {
    const again = changes.some((change) => change.reread) ? ', all of them read from HQ again' : '';
    printLine('');
    printLine(`${table}: ${counted(rows, 'row')} rewritten${again}`);
    printLine(`  rows with texts that do not fit: ${rescuedNow} now, ${rescuedThen} then`);
    if (sample.length > 0) printLine(`  then, among others: ${sample.join(', ')}`);
  }
}

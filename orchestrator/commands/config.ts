import type { Command } from 'commander';
import { readLedgerEnvironment } from '../config/environment.js';
import { hashKeyCheck, requireHashKey } from '../config/hash-key.js';
import { loadLakeConfig } from '../config/lake.js';
import { LedgerDatabase } from '../ledger/database.js';
import { activateConfig } from '../ledger/lake.js';
import { migrateLedger } from '../ledger/migrate.js';
import { loadHooks } from '../transform/load-hooks.js';
import { registerCheck } from './check.js';
import { withExamples } from './help.js';
import { printJson, printLine } from './terminal/print.js';

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('variables and lake.yaml: check them, make them active');
  registerCheck(config, 'config check');
  withExamples(
    config
      .command('apply')
      .description('make LAKE_CONFIG the active configuration; processes with another one stop planning')
      .option('--json', 'print the result as JSON')
      .action(async ({ json }: { json?: boolean }) => {
        await apply(json ?? false);
      }),
    { 'dimagi-lake config apply': 'then start the ingestion processes again' },
  );
}

async function apply(json: boolean): Promise<void> {
  const environment = readLedgerEnvironment();
  const lake = loadLakeConfig(environment.LAKE_CONFIG);
  requireHashKey(environment, lake);
  await loadHooks(lake);
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  try {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const stored = { ...lake, hashKeyCheck: hashKeyCheck(environment, lake) };
    const version = await database.transaction((tx) => activateConfig(tx, stored));
    if (json) printJson({ file: environment.LAKE_CONFIG, version: version.toString(), sha256: lake.sha256 });
    else printLine(`configuration version ${version} is active`);
  } finally {
    await database.close();
  }
}

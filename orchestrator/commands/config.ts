import type { Command } from 'commander';
import { readLedgerEnvironment } from '../config/environment.js';
import { loadLakeConfig } from '../config/lake.js';
import { LedgerDatabase } from '../ledger/database.js';
import { activateConfig } from '../ledger/lake.js';
import { migrateLedger } from '../ledger/migrate.js';

export function registerConfig(program: Command): void {
  const config = program.command('config').description('the lake configuration (lake.yaml)');
  config
    .command('check')
    .description('validate LAKE_CONFIG and list every fault')
    .action(() => {
      const environment = readLedgerEnvironment();
      const lake = loadLakeConfig(environment.LAKE_CONFIG);
      process.stdout.write(
        `${environment.LAKE_CONFIG}: ${Object.keys(lake.domains).length} domain(s), no fault\n`,
      );
    });
  config
    .command('apply')
    .description('make LAKE_CONFIG the active configuration; processes with another one stop planning')
    .action(async () => {
      const environment = readLedgerEnvironment();
      const lake = loadLakeConfig(environment.LAKE_CONFIG);
      const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
      try {
        await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
        const version = await activateConfig(database, lake.sha256, lake.text);
        process.stdout.write(`configuration version ${version} is active\n`);
      } finally {
        await database.close();
      }
    });
}

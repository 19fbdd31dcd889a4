import type { Command } from 'commander';
import { registerCheck } from './check.js';
import { apply, dryRun } from './config-apply.js';
import { withExamples } from './help.js';

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('variables and lake.yaml: check them, make them active');
  registerCheck(config, 'config check');
  withExamples(
    config
      .command('apply')
      .description('make LAKE_CONFIG the active configuration; processes with another one stop planning')
      .option('--dry-run', 'only tell which tables and rows would change; asks Spark')
      .option('--json', 'print the result as JSON')
      .action(async (flags: { dryRun?: boolean; json?: boolean }) => {
        await (flags.dryRun === true ? dryRun : apply)(flags.json ?? false);
      }),
    {
      'dimagi-lake config apply --dry-run': 'rows that get another type, and texts that would not fit',
      'dimagi-lake config apply': 'then start the ingestion processes again',
    },
  );
}

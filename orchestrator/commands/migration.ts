import type { Command } from 'commander';
import { withExamples } from './help.js';
import { askAgain, type AskFlags } from './reprocess-ask.js';

export function registerMigration(program: Command): void {
  withExamples(
    program
      .command('migration <domain>')
      .description('bring in all that lake.yaml keeps of a domain from HQ’s databases, however old it is')
      .option('--reason <text>', 'why; it stands with the request')
      .option('--key <key>', 'asking again with the same key is asking once')
      .option('--dry-run', 'count, plan nothing')
      .option('--wait', 'end when all of it is committed')
      .option('--json', 'print the result as JSON')
      .action(async (domain: string, flags: AskFlags) => {
        await askAgain({ kind: 'migration', scope: { domain }, reaggregate: false }, flags);
      }),
    {
      'dimagi-lake migration demo --dry-run': 'how many records each table would get',
      'dimagi-lake migration demo --wait': 'all of them; interrupted, it goes on where it was',
    },
    [
      'For a domain whose history is older than the messages that Kafka keeps. Whoever polls the topics plans its pages, between',
      'live changes; asked for again while it runs, it is the same migration.',
    ],
  );
}

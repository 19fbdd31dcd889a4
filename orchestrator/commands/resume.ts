import type { Command } from 'commander';
import { readLedgerEnvironment } from '../config/environment.js';
import { LedgerDatabase } from '../ledger/database.js';
import { resumeTopic } from '../ledger/halts.js';
import { topicOf } from './ingestion.js';

export function registerResume(program: Command): void {
  program
    .command('resume <topic>')
    .description('let a halted or paused topic and its halted tables go on; nothing is skipped')
    .option('--json', 'print the result as JSON')
    .action(async (name: string, options: { json?: boolean }) => {
      const topic = topicOf(name);
      const database = new LedgerDatabase(readLedgerEnvironment().LEDGER_DATABASE_URL);
      try {
        const resumed = await database.transaction((tx) => resumeTopic(tx, topic));
        if (options.json) {
          process.stdout.write(`${JSON.stringify(resumed)}\n`);
          return;
        }
        const what = [
          ...(resumed.topic === null ? [] : [`topic ${resumed.topic}`]),
          ...(resumed.batches === 0 ? [] : [`${resumed.batches} halted batch(es)`]),
          ...resumed.tables.map((table) => `table ${table}`),
        ];
        process.stdout.write(`${what.length === 0 ? 'nothing was halted' : `resumed: ${what.join(', ')}`}\n`);
      } finally {
        await database.close();
      }
    });
}

import type { Command } from 'commander';
import { resumeTopic } from '../ledger/halts.js';
import { withExamples } from './help.js';
import { printJson, printLine } from './terminal/print.js';
import { topicOf } from './topic.js';
import { withLedger } from './with-ledger.js';

export function registerResume(program: Command): void {
  const resume = program
    .command('resume <topic>')
    .description('let a halted or paused topic and its halted tables go on; nothing is skipped')
    .option('--json', 'print the result as JSON')
    .action(async (name: string, options: { json?: boolean }) => {
      const topic = topicOf(name);
      const resumed = await withLedger((database) => database.transaction((tx) => resumeTopic(tx, topic)));
      if (options.json) {
        printJson(resumed);
        return;
      }
      const what = [
        ...(resumed.topic === null ? [] : [`topic ${resumed.topic}`]),
        ...(resumed.batches === 0 ? [] : [`${resumed.batches} halted batch(es)`]),
        ...resumed.tables.map((table) => `table ${table}`),
      ];
      printLine(what.length === 0 ? 'nothing was halted' : `resumed: ${what.join(', ')}`);
    });
  withExamples(resume, {
    'dimagi-lake resume form-sql':
      'after the cause is mended; what halted for a cause that stands halts again',
  });
}

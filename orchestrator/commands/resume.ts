import type { Command } from 'commander';
import { resumeTopic, type Resumed } from '../ledger/halts.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { resume as liftPause, type Pause } from '../ledger/pauses.js';
import { TOPICS } from '../types.js';
import { withExamples } from './help.js';
import { labelOf, pausable } from './pause.js';
import { printJson, printLine } from './terminal/print.js';
import { topicOf } from './topic.js';
import { withLedger } from './with-ledger.js';

/** Words that name a pause; any other is a topic. */
const SCOPES = ['all', 'topic', 'table', 'queue'];

export function registerResume(program: Command): void {
  const resume = program
    .command('resume <what> [name]')
    .description(
      'let a halted or paused topic and its halted tables go on, or lift a pause; nothing is skipped',
    )
    .option('--json', 'print the result as JSON')
    .action(async (what: string, name: string | undefined, options: { json?: boolean }) => {
      const isTopic = !SCOPES.includes(what);
      const topic = isTopic ? topicOf(what) : undefined;
      const { resumed, lifted } = await withLedger((database) =>
        topic === undefined ? lift(database, what, name) : goOn(database, topic),
      );
      if (options.json) {
        printJson({ ...resumed, pauses: lifted.map(({ scope, name: which }) => ({ scope, name: which })) });
        return;
      }
      const told = [
        ...(resumed.topic === null ? [] : [`topic ${resumed.topic}`]),
        ...(resumed.batches === 0 ? [] : [`${resumed.batches} halted batch(es)`]),
        ...resumed.tables.map((table) => `table ${table}`),
        ...lifted.map((each) => `pause of ${labelOf(each)}`),
      ];
      const nothing = isTopic ? 'nothing was halted' : 'nothing was paused so';
      printLine(told.length === 0 ? nothing : `resumed: ${told.join(', ')}`);
    });
  withExamples(resume, {
    'dimagi-lake resume form-sql':
      'after the cause is mended; what halted for a cause that stands halts again',
    'dimagi-lake resume queue schedule': 'lifts that pause; `dimagi-lake pauses` lists them',
    'dimagi-lake resume all': 'lifts the pause of everything',
  });
}

interface Outcome {
  readonly resumed: Resumed;
  readonly lifted: readonly Pause[];
}

/** What was halted of the topic goes on, and its pause is lifted. */
async function goOn(database: LedgerDatabase, topic: (typeof TOPICS)[number]): Promise<Outcome> {
  return database.transaction(async (tx) => {
    const lifted = await liftPause(tx, { scope: 'topic', name: topic });
    return { resumed: await resumeTopic(tx, topic), lifted: lifted === undefined ? [] : [lifted] };
  });
}

/** A pause and nothing else: `resume topic form-sql` leaves halted tables halted. */
async function lift(database: LedgerDatabase, scope: string, name: string | undefined): Promise<Outcome> {
  const lifted = await liftPause(database, await pausable(database, scope, name));
  return {
    resumed: { topic: null, batches: 0, tables: [] },
    lifted: lifted === undefined ? [] : [lifted],
  };
}

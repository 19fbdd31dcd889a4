import { InvalidArgumentError, type Command } from 'commander';
import { LakeError } from '../errors.js';
import type { Queryable } from '../ledger/database.js';
import { listPauses, pause, QUEUES, type Pause, type PauseScope } from '../ledger/pauses.js';
import { allTables } from '../ledger/tables.js';
import { TOPICS } from '../types.js';
import { didYouMean } from '../config/did-you-mean.js';
import { caller } from './caller.js';
import { withExamples } from './help.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

const SCOPES: readonly PauseScope[] = ['all', 'topic', 'table', 'queue'];

interface Flags {
  readonly reason: string;
  readonly json?: boolean;
}

export function registerPause(program: Command): void {
  withExamples(
    program
      .command('pause <scope> [name]')
      .description(
        'begin no more work of a topic, table or queue, or none at all; what runs already ends by itself',
      )
      .requiredOption('--reason <text>', 'why; everybody who wonders sees it', reasonOf)
      .option('--json', 'print the result as JSON')
      .action(pauseWork),
    {
      'dimagi-lake pause all --reason "upgrade of Spark"': 'nothing is planned, staged, merged or computed',
      'dimagi-lake pause topic case-sql --reason "HQ restores a shard"': 'one topic',
      'dimagi-lake pause table commcarehq_d.raw_member_case --reason "…"': 'one table; others go on',
      'dimagi-lake pause queue schedule --reason "…"': `queues are ${QUEUES.join(', ')}`,
    },
    ['It stands in the ledger, for every process, until `dimagi-lake resume` lifts it.'],
  );
  withExamples(
    program
      .command('pauses')
      .description('what is paused, by whom and why')
      .option('--json', 'print the result as JSON')
      .action(async (flags: { json?: boolean }) => {
        const pauses = await withLedger((database) => listPauses(database));
        if (flags.json) printJson(pauses.map(plain));
        else if (pauses.length === 0) printLine('Nothing is paused.');
        else
          printTable(
            ['paused', 'since', 'by', 'reason'],
            pauses.map((each) => [labelOf(each), each.at.slice(0, 16), each.by, each.reason]),
          );
      }),
    { 'dimagi-lake pauses': 'each with the words that `resume` lifts it by' },
  );
}

async function pauseWork(scope: string, name: string | undefined, flags: Flags): Promise<void> {
  const { pause: made, repeated } = await withLedger(async (database) => {
    const what = await pausable(database, scope, name);
    return pause(database, { ...what, reason: flags.reason, by: caller() });
  });
  if (flags.json) printJson({ ...plain(made), repeated });
  else if (repeated) printLine(`${labelOf(made)} is paused already, by ${made.by}: ${made.reason}`);
  else printLine(`paused: ${labelOf(made)}; \`dimagi-lake resume ${labelOf(made)}\` lifts it`);
}

/**
 * What was named, as the ledger writes it.
 * @throws LakeError USAGE for a scope that is none, or a topic, queue or table that is not known
 */
export async function pausable(
  database: Queryable,
  scope: string,
  name = '',
): Promise<Pick<Pause, 'scope' | 'name'>> {
  switch (scope) {
    case 'all':
      if (name === '') return { scope, name: '' };
      throw new LakeError('USAGE', `"all" has no name, but "${name}" was given`);
    case 'topic':
      return { scope, name: known('topic', name, TOPICS) };
    case 'queue':
      return { scope, name: known('queue', name, QUEUES) };
    case 'table': {
      const tables = (await allTables(database)).map((each) => `${each.databaseName}.${each.tableName}`);
      const bare = tables.filter((each) => each.split('.')[1]?.toLowerCase() === name.toLowerCase());
      return {
        scope,
        name: bare.length === 1 && bare[0] !== undefined ? bare[0] : known('table', name, tables),
      };
    }
    default:
      throw new LakeError('USAGE', `"${scope}" can't be paused`, {
        mend: `What can be paused is ${SCOPES.join(', ')}.`,
      });
  }
}

function known(what: string, name: string, names: readonly string[]): string {
  const found = names.find((each) => each.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = didYouMean(name, names);
  throw new LakeError('USAGE', name === '' ? `Which ${what}?` : `There is no ${what} "${name}"`, {
    mend: `${near === undefined ? '' : `Did you mean ${near}? `}There is ${names.slice(0, 20).join(', ')}.`,
  });
}

/** As `resume` takes it. */
export function labelOf({ scope, name }: Pick<Pause, 'scope' | 'name'>): string {
  return name === '' ? scope : `${scope} ${name}`;
}

function plain({ id, ...rest }: Pause): Record<string, unknown> {
  return { id: id.toString(), ...rest };
}

function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason.length >= 3 && reason.length <= 500) return reason;
  throw new InvalidArgumentError('must say why, in 3 to 500 letters');
}

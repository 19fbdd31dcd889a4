import { InvalidArgumentError, Option, type Command } from 'commander';
import { LakeError } from '../errors.js';
import {
  BATCH_STATES,
  laneFacts,
  listBatches,
  runFacts,
  type BatchFacts,
  type BatchState,
} from '../ledger/batch-history.js';
import type { Queryable } from '../ledger/database.js';
import { printBatch } from './batch-page.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { printJson, printLine, printTable } from './terminal/print.js';
import { topicOf } from './topic.js';
import { withLedger } from './with-ledger.js';

/** Beside the ledger's states: `open` is all that is not committed. */
const STATES = ['open', ...BATCH_STATES] as const;
type StateFlag = (typeof STATES)[number];

export function registerBatches(program: Command): void {
  const batches = program
    .command('batches')
    .description('what was planned, how far it came, and why not further');
  withExamples(
    batches
      .command('list', { isDefault: true })
      .argument('[topic]', 'only of this topic')
      .description('batches, the newest first')
      .addOption(new Option('--state <state>', 'only in this state').choices(STATES))
      .option('--limit <n>', 'at most so many', wholeNumber, 20)
      .option('--json', 'print the result as JSON')
      .action(async (topic: string | undefined, flags: ListFlags) => {
        await withLedger((database) => list(database, topic, flags));
      }),
    {
      'dimagi-lake batches': 'the newest 20',
      'dimagi-lake batches form-sql --state open': 'what is under way or waits, and its last failure',
      'dimagi-lake batches --state halted --json': 'for machines',
    },
  );
  withExamples(
    batches
      .command('show')
      .argument('<id>', 'number of the batch, as `batches` prints it', batchId)
      .description('one batch: its offsets, its tables, its runs on Spark')
      .option('--json', 'print the result as JSON')
      .action(async (id: bigint, flags: { json?: boolean }) => {
        await withLedger((database) => show(database, id, flags.json ?? false));
      }),
    {
      'dimagi-lake batches show 42':
        'rows, time and Delta version per table; driver, state and scripts per run',
    },
  );
}

interface ListFlags {
  readonly state?: StateFlag;
  readonly limit: number;
  readonly json?: boolean;
}

async function list(database: Queryable, topic: string | undefined, flags: ListFlags): Promise<void> {
  const batches = await listBatches(database, {
    topic: topic === undefined ? undefined : topicOf(topic),
    states: statesOf(flags.state),
    limit: flags.limit,
  });
  if (flags.json) printJson({ batches });
  else if (batches.length === 0) printLine('No batch.');
  else printBatches(batches);
}

function statesOf(flag: StateFlag | undefined): readonly BatchState[] | undefined {
  if (flag === undefined) return undefined;
  return flag === 'open' ? BATCH_STATES.filter((state) => state !== 'committed') : [flag];
}

function printBatches(batches: readonly BatchFacts[]): void {
  printTable(
    [
      'batch',
      'topic',
      'sequence',
      'kind',
      'state',
      'ids',
      'aside',
      'planned',
      'staged',
      'merged',
      'committed',
      'offsets',
    ],
    batches.map((batch) => [
      Number(batch.id),
      batch.topic,
      Number(batch.sequence),
      batch.kind,
      batch.state,
      batch.ids,
      batch.quarantined,
      seconds(batch.plannedAt),
      seconds(batch.stagedAt, batch.plannedAt),
      seconds(batch.mergedAt, batch.plannedAt),
      seconds(batch.committedAt, batch.plannedAt),
      batch.ranges.map(({ partition, from, until }) => `${partition}:${from}-${until}`).join(' '),
    ]),
  );
  for (const batch of batches.filter(({ failure }) => failure !== null)) {
    const told = `batch ${batch.id}, attempt ${batch.attempts}: ${batch.failure ?? ''}`;
    printLine(paint(batch.state === 'halted' ? 'red' : 'yellow', told));
  }
}

/** Down to the second; later steps of the same day without their date. */
function seconds(moment: string | null, first?: string): string {
  if (moment === null) return '-';
  const [date = '', time = ''] = moment.split('T');
  const short = time.slice(0, 8);
  return first?.startsWith(date) ? short : `${date} ${short}`;
}

async function show(database: Queryable, id: bigint, json: boolean): Promise<void> {
  const [batch] = await listBatches(database, { id, limit: 1 });
  if (batch === undefined) {
    throw new LakeError('USAGE', `There is no batch ${id}`, { mend: '`dimagi-lake batches` lists them.' });
  }
  const [lanes, runs] = [await laneFacts(database, id), await runFacts(database, id)];
  if (json) printJson({ ...batch, lanes, runs });
  else printBatch(batch, lanes, runs);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

function batchId(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('It must be the number of a batch.');
  return BigInt(text);
}

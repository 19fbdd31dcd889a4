import type { Queryable } from '../ledger/database.js';
import { tablesMerged, topicWork, type Since, type TableWork } from '../ledger/work-done.js';
import { paint } from './terminal/paint.js';
import { counted, printLine, printTable } from './terminal/print.js';
import type { Settled } from './until-done.js';

/** What one `ingestion` has done, as `--json` prints it. */
export interface IngestionResult {
  readonly topic: string;
  /** done · halted: a person has to look, see reasons · stopped: by a signal */
  readonly outcome: Settled['outcome'];
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** Batches committed, and the messages in them. */
  readonly batches: number;
  readonly messages: number;
  /** Records that could not be read and messages that are no HQ change: set aside, with their offsets. */
  readonly quarantined: number;
  readonly oddMessages: number;
  /** Tables merged into, whichever process did it. */
  readonly tables: readonly TableWork[];
}

export async function ingestionResult(
  database: Queryable,
  since: Since,
  settled: Settled,
  milliseconds: number,
): Promise<IngestionResult> {
  const work = await topicWork(database, since);
  return {
    topic: since.topic,
    outcome: settled.outcome,
    reasons: settled.reasons,
    seconds: Math.round(milliseconds / 100) / 10,
    batches: work.committed,
    messages: work.messages,
    quarantined: work.quarantined,
    oddMessages: work.oddMessages,
    tables: await tablesMerged(database, since),
  };
}

export function printResult(result: IngestionResult): void {
  const { topic, outcome, batches, messages, tables } = result;
  const nothing = batches === 0 && tables.length === 0;
  const done = nothing
    ? outcome === 'done'
      ? 'nothing new, every message was ingested before'
      : 'nothing committed'
    : `${counted(batches, 'batch', 'batches')} committed, ${counted(messages, 'message')}`;
  printLine(`${topic}: ${done}, in ${result.seconds.toFixed(1)} s`);
  for (const told of aside(result)) printLine(`  ${paint('yellow', told)}`);
  for (const reason of result.reasons) printLine(`  ${paint('red', reason)}`);
  if (tables.length > 0) printWork(tables);
}

function aside({ quarantined, oddMessages }: IngestionResult): string[] {
  return [
    ...(quarantined === 0
      ? []
      : [`${counted(quarantined, 'record')} could not be read and set aside: dimagi-lake quarantine list`]),
    ...(oddMessages === 0
      ? []
      : [`${counted(oddMessages, 'message')} set aside, no change of HQ: dimagi-lake quarantine list`]),
  ];
}

/** What was merged, a table a line; `rows` are those in the table now. */
function printWork(tables: readonly TableWork[]): void {
  printTable(
    ['table', 'inserted', 'updated', 'deleted', 'refused', 'rows', 'seconds', 'version', 'path'],
    tables.map((table) => [
      `${table.database}.${table.table}`,
      table.inserted,
      table.updated,
      table.deleted,
      table.refused,
      table.rows,
      table.seconds.toFixed(1),
      table.deltaVersion,
      table.path,
    ]),
  );
}

import type { Command } from 'commander';
import { readLedgerEnvironment } from '../config/environment.js';
import {
  countQuarantine,
  oddMessages,
  openQuarantine,
  type OddMessage,
  type QuarantineFilter,
  type SetAside,
} from '../ledger/quarantine.js';
import { replayPages } from '../pipeline/replay-quarantine.js';
import { openStorage } from '../storage/open-storage.js';
import { KIND_OF_TOPIC, TOPICS, type Topic } from '../types.js';
import { withExamples } from './help.js';
import { showQuarantined } from './quarantine-show.js';
import { printJson, printTable } from './terminal/print.js';
import { topicOf } from './topic.js';
import { withLedger } from './with-ledger.js';

/** Records shown at once. */
const MOST_SHOWN = 200;

interface Flags {
  readonly topic?: string;
  readonly domain?: string;
  readonly json?: boolean;
}

export function registerQuarantine(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('records that could not be read and were set aside: look at them, replay them');
  const verb = (name: string, description: string): Command =>
    quarantine
      .command(name)
      .description(description)
      .option('--topic <topic>', `only of one topic (${TOPICS.join(', ')})`)
      .option('--domain <domain>', 'only of one domain')
      .option('--json', 'print the result as JSON');
  const listing = verb(
    'list',
    'open entries with reason, offset and where the document is; messages that are no HQ change',
  )
    .option('--limit <n>', 'entries at most', Number, MOST_SHOWN)
    .action((flags: Flags & { limit: number }) => list(flags));
  const showing = quarantine
    .command('show')
    .argument('<record>', "a record's id, as `quarantine list` prints it")
    .description('why it was set aside: the document as HQ has it now, unmasked, beside what was expected')
    .option('--json', 'print the result as JSON')
    .action((record: string, { json }: { json?: boolean }) => showQuarantined(record, json ?? false));
  withExamples(showing, { 'dimagi-lake quarantine show 7c1f2a': 'the lines around the fault' });
  const replaying = verb(
    'replay [records...]',
    'plan a batch that reads the records from HQ again (default: all that are open)',
  ).action((records: string[], flags: Flags) => replay(records, flags));
  withExamples(listing, {
    'dimagi-lake quarantine list': 'what is set aside, why, and where the document is',
    'dimagi-lake quarantine list --topic form-sql --json': 'for machines',
  });
  withExamples(replaying, {
    'dimagi-lake quarantine replay': 'after the documents are mended in HQ: all that are open',
    'dimagi-lake quarantine replay 7c1f2a': 'one record',
  });
}

async function list(flags: Flags & { limit: number }): Promise<void> {
  const topic = flags.topic === undefined ? undefined : topicOf(flags.topic);
  const filter = filterOf(topic, flags.domain, []);
  await withLedger(async (database) => {
    const records = await openQuarantine(database, filter, flags.limit);
    const total = await countQuarantine(database, filter);
    const messages = await oddMessages(database, topic, flags.limit);
    if (flags.json) printJson({ total, records: records.map(plain), messages });
    else print(total, records, messages);
  });
}

function print(total: number, records: readonly SetAside[], messages: readonly OddMessage[]): void {
  const out = process.stdout;
  if (total === 0) out.write('No record is set aside.\n');
  else {
    const most = records.length < total ? `, the oldest ${records.length} shown` : '';
    out.write(`${total} record(s) set aside${most}:\n`);
    printTable(
      ['kind', 'domain', 'record', 'type', 'reason', 'document', 'offset', 'since'],
      records.map((record) => [
        record.kind,
        record.domain,
        record.recordId,
        record.type ?? '-',
        record.reason,
        record.place,
        record.partition === null ? '-' : `${record.partition}:${record.offset ?? ''}`,
        record.since,
      ]),
    );
    out.write('Mend the documents in HQ, then `dimagi-lake quarantine replay`.\n');
  }
  if (messages.length === 0) return;
  out.write('Messages that are no change of HQ (newest first):\n');
  printTable(
    ['topic', 'offset', 'reason'],
    messages.map((message) => [message.topic, `${message.partition}:${message.offset}`, message.reason]),
  );
}

/** Plans pages only; the processes that ingest the topics do them, in their sequence. */
async function replay(records: readonly string[], flags: Flags): Promise<void> {
  const topics = flags.topic === undefined ? TOPICS : [topicOf(flags.topic)];
  const environment = readLedgerEnvironment();
  const checkpoint = openStorage(environment.CHECKPOINT_BASE_DIR, environment);
  await withLedger(async (database) => {
    const planned: { topic: Topic; batch: string; records: number }[] = [];
    for (const topic of topics) {
      const filter = filterOf(topic, flags.domain, records);
      for await (const page of replayPages(database, checkpoint, topic, filter)) planned.push(page);
    }
    if (flags.json) {
      printJson({ planned });
      return;
    }
    for (const page of planned)
      process.stdout.write(`batch ${page.batch} of ${page.topic} reads ${page.records} record(s) again\n`);
    const next = [...new Set(planned.map((page) => page.topic))];
    process.stdout.write(
      next.length === 0
        ? 'Nothing to replay.\n'
        : `A running ingestion takes them up; or run: ${next.map((topic) => `dimagi-lake ingestion ${topic} --once`).join(', ')}\n`,
    );
  });
}

function filterOf(
  topic: Topic | undefined,
  domain: string | undefined,
  records: readonly string[],
): QuarantineFilter {
  return {
    ...(topic === undefined ? {} : { kind: KIND_OF_TOPIC[topic] }),
    ...(domain === undefined ? {} : { domain }),
    records,
  };
}

function plain(record: SetAside): Record<string, unknown> {
  return { ...record, id: record.id.toString() };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { didYouMean } from '../config/did-you-mean.js';
import { readLedgerEnvironment, type LedgerEnvironment } from '../config/environment.js';
import { hashKeyCheck, requireHashKey } from '../config/hash-key.js';
import { loadLakeConfig, parseStoredConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { ensureTopic, planPage } from '../ledger/planning.js';
import {
  countRecords,
  openReprocessPages,
  recordIds,
  tablesOf,
  unstagedUnderOldConfig,
  type NamedTable,
} from '../ledger/reprocess.js';
import { writeIds } from '../plan/id-manifest.js';
import { openStorage } from '../storage/open-storage.js';
import { KIND_OF_TOPIC, TOPICS, type Topic } from '../types.js';
import { withExamples } from './help.js';
import { counted, printJson, printLine } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

/** A page is a small batch, so that live changes never wait long; and so that few stand before them. */
const RECORDS_PER_PAGE = 5_000;
const MOST_OPEN_PAGES = 10;
const LOOK_AGAIN_MS = 2_000;

interface Flags {
  readonly domain: string;
  readonly table: string;
  readonly ids?: readonly string[];
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Page {
  readonly batch: string;
  readonly records: number;
}

export function registerReprocess(program: Command): void {
  withExamples(
    program
      .command('reprocess')
      .description(
        "read a table's records from HQ again, under the active lake.yaml: after a transform was changed",
      )
      .requiredOption('--domain <domain>', 'the domain')
      .requiredOption('--table <table>', 'its table, such as raw_member_case')
      .option('--ids <ids...>', 'only these records; they need not stand in the table')
      .option('--from <id>', 'only records behind this id: to go on after an interruption')
      .option('--dry-run', 'count, plan nothing')
      .option('--json', 'print the result as JSON')
      .action(reprocess),
    {
      'dimagi-lake reprocess --domain demo --table raw_member_case --dry-run':
        'how many records, in how many pages',
      'dimagi-lake reprocess --domain demo --table raw_member_case': 'plan the pages; ingestion does them',
    },
    [
      'Records that a filter or a hook kept out of the table are not known to the ledger: name them with --ids.',
      `Of a large table ${MOST_OPEN_PAGES} pages are planned at a time, so that an ingestion has to run meanwhile.`,
    ],
  );
}

/** Plans pages only; the processes that ingest the topic do them, in their sequence. */
async function reprocess(flags: Flags): Promise<void> {
  const environment = readLedgerEnvironment();
  await withLedger(async (database) => {
    const table = await tableNamed(database, flags);
    const topic = TOPICS.find((each) => KIND_OF_TOPIC[each] === table.kind) ?? 'case-sql';
    const records = flags.ids?.length ?? (await countRecords(database, table, flags.from));
    const facts = { domain: table.domain, table: table.name, topic, records };
    const pages = Math.ceil(records / RECORDS_PER_PAGE);
    const waiting = await unstagedUnderOldConfig(database, topic);
    if (flags.dryRun) {
      if (flags.json) printJson({ ...facts, pages, unstagedUnderOldConfig: waiting, planned: [] });
      else
        printLine(
          `${counted(records, 'record')} of ${table.name}, ${counted(pages, 'page')}; nothing was planned`,
        );
      return;
    }
    await requireOwnActive(database, environment);
    if (waiting > 0) throw tooEarly(topic, waiting);
    const planned: Page[] = [];
    for await (const page of pagesOf(database, environment, table, topic, flags)) {
      planned.push(page);
      if (!flags.json)
        printLine(`batch ${page.batch} of ${topic} reads ${counted(page.records, 'record')} again`);
    }
    if (flags.json) printJson({ ...facts, pages, planned });
    else if (planned.length === 0) printLine(`No record stands in ${table.name}.`);
    else printLine(`A running ingestion takes them up; or run: dimagi-lake ingestion ${topic} --once`);
  });
}

/** The pages run under the active lake.yaml: a changed one that nobody applied would change nothing. */
async function requireOwnActive(database: LedgerDatabase, environment: LedgerEnvironment): Promise<void> {
  const config = loadLakeConfig(environment.LAKE_CONFIG);
  requireHashKey(environment, config);
  const own = { parse: parseStoredConfig, hashKeyCheck: () => hashKeyCheck(environment, config) };
  await new ConfigVersions(database, own).requireActive(config);
}

async function tableNamed(database: LedgerDatabase, { domain, table: name }: Flags): Promise<NamedTable> {
  const tables = await tablesOf(database, domain);
  const table = tables.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (table !== undefined) return table;
  const names = tables.map((each) => each.name);
  const near = didYouMean(name, names);
  throw new LakeError('USAGE', `The domain "${domain}" has no table "${name}"`, {
    mend:
      names.length === 0
        ? 'No table of this domain is known yet; `dimagi-lake tables` shows all.'
        : `${near === undefined ? '' : `Did you mean ${near}? `}Its tables are ${names.join(', ')}.`,
  });
}

function tooEarly(topic: Topic, waiting: number): LakeError {
  const what = `${counted(waiting, 'batch', 'batches')} of ${topic} planned under an older lake.yaml`;
  return new LakeError(
    'REPROCESS_TOO_EARLY',
    `${what} must be staged first, or what they bring would be missed`,
    {
      facts: { topic, batches: waiting },
      mend: `Let \`dimagi-lake ingestion ${topic}\` run until \`dimagi-lake batches ${topic} --state planned\` is empty, then ask again.`,
    },
  );
}

async function* pagesOf(
  database: LedgerDatabase,
  environment: LedgerEnvironment,
  table: NamedTable,
  topic: Topic,
  flags: Flags,
): AsyncGenerator<Page> {
  const checkpoint = openStorage(environment.CHECKPOINT_BASE_DIR, environment);
  await ensureTopic(database, topic);
  let before: string | undefined;
  for await (const ids of idsOf(database, table, flags)) {
    await roomForPage(database, topic, before);
    before = ids.at(-1);
    const entries = ids.map((id) => ({ domain: table.domain, id, partition: null, offset: null }));
    const written = await writeIds(checkpoint, entries);
    const batch = await database.transaction((tx) => planPage(tx, { topic, kind: 'reprocess', ...written }));
    yield { batch: batch.toString(), records: ids.length };
  }
}

async function roomForPage(
  database: LedgerDatabase,
  topic: Topic,
  before: string | undefined,
): Promise<void> {
  let isTold = false;
  while ((await openReprocessPages(database, topic)) >= MOST_OPEN_PAGES) {
    const goOn = before === undefined ? '' : `; after an interruption go on with --from ${before}`;
    if (!isTold) process.stderr.write(`waiting for an ingestion of ${topic} to do what is planned${goOn}\n`);
    isTold = true;
    await sleep(LOOK_AGAIN_MS);
  }
}

async function* idsOf(
  database: LedgerDatabase,
  table: NamedTable,
  flags: Flags,
): AsyncGenerator<readonly string[]> {
  if (flags.ids !== undefined) {
    const ids = [...new Set(flags.ids)];
    for (let at = 0; at < ids.length; at += RECORDS_PER_PAGE) yield ids.slice(at, at + RECORDS_PER_PAGE);
    return;
  }
  let after = flags.from ?? '';
  for (;;) {
    const ids = await recordIds(database, table, after, RECORDS_PER_PAGE);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}

import { InvalidArgumentError, type Command } from 'commander';
import { readSettings } from '../config/settings.js';
import { withReconcile } from '../control-plane/reconcile.js';
import { EXIT } from '../errors.js';
import { createLogger } from '../logger.js';
import { SETTLE_SECONDS, spanOf, WAIT_SECONDS, type ReconcileAsk } from '../reconcile/parts.js';
import { reconcile, type Report } from '../reconcile/reconcile.js';
import { caller } from './caller.js';
import { withExamples } from './help.js';
import { stopOnSignal } from './stop-on-signal.js';
import { counted, printJson, printLine, printTable, withCommas } from './terminal/print.js';

/** Days with findings that are printed. */
const DAYS_SHOWN = 20;

interface Flags {
  readonly table?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly repair?: boolean;
  readonly settle: number;
  readonly wait: number;
  readonly json?: boolean;
}

export function registerReconcile(program: Command): void {
  withExamples(
    program
      .command('reconcile')
      .argument('<domain>')
      .description(
        'compare HQ and the lake, record by record without reading documents, and mend what is wrong',
      )
      .option('--table <table...>', 'only these tables, such as raw_member_case')
      .option(
        '--from <day>',
        'only records whose last change in HQ or the lake is of this day (UTC) or later',
      )
      .option('--until <day>', 'and before this one')
      .option('--repair', 'read what is wrong from HQ again, and prove that it is right then')
      .option('--settle <seconds>', "how late HQ's messages may come after a change", seconds, SETTLE_SECONDS)
      .option('--wait <seconds>', 'wait so long for changes that are on their way', seconds, WAIT_SECONDS)
      .option('--json', 'print the result as JSON')
      .action(async (domain: string, flags: Flags) => {
        await run(domain, flags);
      }),
    {
      'dimagi-lake reconcile demo': 'ends with 0 when HQ and the lake are equal, with 8 when they are not',
      'dimagi-lake reconcile demo --repair':
        'after lost offsets, or a restored backup: mends what is missing, stale or a ghost',
      'dimagi-lake reconcile demo --table raw_member_case --from 2026-01-30':
        'one table, changes since that day',
      'dimagi-lake reconcile demo --json': 'for machines; all ids are in a file under CHECKPOINT_BASE_DIR',
    },
    [
      'Compared are ids and revisions: a row with the right revision and a wrong value is not found (`reprocess --table` mends',
      'it). Changes that are on their way are no fault. With --from, ghosts of records that changed last before it are not found.',
      'Repairs are pages of the topics: whoever ingests them does it.',
    ],
  );
}

function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('must be a number of seconds');
  return Number(text);
}

async function run(domain: string, flags: Flags): Promise<void> {
  const ask: ReconcileAsk = {
    domain,
    tables: flags.table ?? [],
    span: spanOf(flags.from ?? null, flags.until ?? null),
    repair: flags.repair ?? false,
    by: caller(),
    settleSeconds: flags.settle,
    waitSeconds: flags.wait,
  };
  const settings = readSettings();
  const { LOG_LEVEL: level, LOG_FORMAT: format } = settings.environment;
  const logger = createLogger({ level, format });
  const signal = stopOnSignal();
  let told = '';
  await withReconcile(settings, logger, async (parts) => {
    const report = await reconcile(parts, ask, signal, (step) => {
      if (step !== told) process.stderr.write(`${step}\n`);
      told = step;
    });
    if (flags.json === true) printJson(plain(domain, report));
    else print(domain, report, parts.checkpoint.url);
    process.exitCode = report.differences + report.unjudged === 0 ? EXIT.ok : EXIT.different;
  });
}

function print(domain: string, report: Report, checkpointUrl: string): void {
  const { tables, days, differences, unjudged, findingsPath, repair } = report;
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  printTable(
    [
      'table',
      'HQ rows',
      'lake rows',
      'missing',
      'stale',
      'ghost',
      'repaired',
      'set aside',
      'left out',
      'not judged',
    ],
    tables.map((each) => [
      each.table,
      ...[each.hqRows, each.lakeRows, each.missing, each.stale, each.ghost, each.repaired].map(withCommas),
      ...[each.setAside, each.leftOut, sum(each.unjudged)].map(withCommas),
    ]),
  );
  for (const { table, day, fault, records, examples } of days.slice(0, DAYS_SHOWN))
    printLine(`${table} ${day ?? 'no day'}: ${withCommas(records)} ${fault}, such as ${examples[0] ?? ''}`);
  if (days.length > DAYS_SHOWN) printLine(`and ${counted(days.length - DAYS_SHOWN, 'day')} more`);
  for (const { table, unjudged: reasons } of tables)
    for (const [reason, count] of Object.entries(reasons))
      printLine(`${table}: ${withCommas(count)} not judged: ${reason}`);
  if (findingsPath !== null) printLine(`all of them: ${checkpointUrl}/${findingsPath}`);
  for (const reason of repair?.reasons ?? []) printLine(`not repaired: ${reason}`);
  printLine(summary(domain, differences, unjudged));
}

function summary(domain: string, differences: number, unjudged: number): string {
  if (differences > 0) return `${domain}: ${counted(differences, 'difference')} between HQ and the lake`;
  return unjudged === 0
    ? `${domain}: HQ and the lake are equal`
    : `${domain}: no difference is proved; ${counted(unjudged, 'record')} could not be judged, compare again`;
}

function plain(domain: string, { id, requests, ...report }: Report): Record<string, unknown> {
  return {
    reconcile: id.toString(),
    domain,
    ...report,
    tables: report.tables.map((table) => ({
      ...table,
      deltaVersion: table.deltaVersion?.toString() ?? null,
    })),
    requests: requests.map((request) => `reprocess-${request}`),
  };
}

import type { Command } from 'commander';
import { requireAggregationServices } from '../../deploy/doctor/at-start.js';
import { aggregate, type AggregateResult } from '../aggregation/aggregate.js';
import { monthLabel } from '../aggregation/month-facts.js';
import { openAggregationContext } from '../aggregation/open-context.js';
import { readRequest } from '../aggregation/read-request.js';
import { scriptByHand } from '../aggregation/script-by-hand.js';
import type { NodeResult } from '../aggregation/run-graph.js';
import { readAggregationSettings } from '../config/settings.js';
import { ERROR_CODES, EXIT } from '../errors.js';
import { readSteps } from '../ledger/aggregation-runs.js';
import type { Queryable } from '../ledger/database.js';
import { createLogger } from '../logger.js';
import { withExamples } from './help.js';
import { stopOnSignal } from './stop-on-signal.js';
import { paint } from './terminal/paint.js';
import { counted, printJson, printLine, printTable, withCommas } from './terminal/print.js';

interface Flags {
  readonly force?: boolean;
  readonly sql?: boolean;
  readonly json?: boolean;
}

export function registerAggregation(program: Command): void {
  withExamples(
    program
      .command('aggregation <table> <domain> <month>')
      .description("compute an aggregation's month (all: every one) and publish it in the warehouse")
      .option('--force', 'compute it although nothing has changed since')
      .option('--sql', 'print the SQL of one aggregation, to be run by hand; nothing is computed')
      .option('--json', 'print the result as JSON')
      .action(aggregation),
    {
      'dimagi-lake aggregation child_care nutrition-demo 2026-01-01':
        'with all it needs that is missing or stale',
      'dimagi-lake aggregation all nutrition-demo 2026-01-01':
        'every aggregation of the month, side by side where it may be',
      'dimagi-lake aggregation location nutrition-demo 2026-01-01 --sql': 'the statements, nothing is run',
    },
    [
      'A month is its first day. What is fresh is left alone: running it twice changes nothing.',
      'Ends with 0 when done, 1 when a computation failed (what was published before stays), 2 for a table, domain or month',
      'that is none, 4 when a service does not answer, 6 when a source table is missing in the lake.',
    ],
  );
}

async function aggregation(table: string, domain: string, month: string, flags: Flags): Promise<void> {
  const { environment, config } = readAggregationSettings();
  await requireAggregationServices(environment);
  const logger = createLogger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT });
  const context = await openAggregationContext(environment, config, logger);
  try {
    const request = readRequest({ table, domain, month }, context.models.all, config);
    if (flags.sql) {
      for (const model of request.models)
        printLine(await scriptByHand(context, model, domain, request.month));
      return;
    }
    const began = Date.now();
    const result = await aggregate(context, request, {
      force: flags.force ?? false,
      signal: stopOnSignal(),
      planned: (nodes) => {
        logger.info('aggregation planned', { computations: nodes.length, domain, month: request.month });
      },
    });
    process.exitCode = exitCodeOf(result.results);
    await tell(context.database, result, table, began, flags);
  } finally {
    await context.close();
  }
}

function exitCodeOf(results: readonly NodeResult[]): number {
  const failed = results.find((result) => result.outcome === 'failed');
  if (failed?.code != null) return ERROR_CODES[failed.code].exitCode;
  return results.every((result) => result.outcome === 'done') ? EXIT.ok : EXIT.failed;
}

interface Told {
  readonly table: string;
  readonly month: string | null;
  readonly outcome: NodeResult['outcome'];
  readonly why: string;
  readonly reason: string | null;
  readonly run: string | null;
  readonly rows: number | null;
  readonly deltaVersion: string | null;
  /** Seconds by step. */
  readonly steps: Readonly<Record<string, number | null>>;
}

async function tell(
  database: Queryable,
  { results, runs }: AggregateResult,
  asked: string,
  began: number,
  { json }: Flags,
): Promise<void> {
  const told: Told[] = [];
  for (const { node, outcome, reason } of results) {
    const run = runs.get(node.key);
    const steps = run === undefined ? [] : await readSteps(database, run.id);
    told.push({
      ...{ table: node.table, month: node.month, why: node.why },
      outcome,
      reason,
      run: run?.id.toString() ?? null,
      rows: run?.rows == null ? null : Number(run.rows),
      deltaVersion: run?.deltaVersion?.toString() ?? null,
      steps: Object.fromEntries(steps.map((step) => [step.step, step.seconds])),
    });
  }
  const seconds = Math.round((Date.now() - began) / 100) / 10;
  if (json) printJson({ asked, seconds, computed: told });
  else print(told, seconds);
}

function print(told: readonly Told[], seconds: number): void {
  if (told.length === 0) {
    printLine('Nothing to compute: everything asked for is fresh.');
    return;
  }
  const done = told.filter((each) => each.outcome === 'done').length;
  printLine(`${counted(done, 'computation')} of ${told.length} published, in ${seconds.toFixed(1)} s`);
  printTable(
    ['table', 'month', 'outcome', 'rows', 'compute', 'audit', 'load', 'publish', 'why'],
    told.map((each) => [
      each.table,
      each.month?.slice(0, 7) ?? '',
      each.outcome,
      each.rows === null ? '-' : withCommas(each.rows),
      ...['compute', 'audit', 'load', 'publish'].map((step) => each.steps[step]?.toFixed(1) ?? '-'),
      each.why,
    ]),
  );
  for (const { table, month, reason } of told) {
    if (reason !== null) printLine(paint('red', `${monthLabel(table, month)}: ${reason}`));
  }
}

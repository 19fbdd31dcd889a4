import type { Command } from 'commander';
import { monthLabel } from '../aggregation/month-facts.js';
import type { MonthState, MonthStates } from '../aggregation/month-states.js';
import { loadModels } from '../aggregation/models/load-models.js';
import { readMonthStates } from '../aggregation/read-states.js';
import { requireDomain } from '../aggregation/read-request.js';
import { readLedgerEnvironment } from '../config/environment.js';
import { loadLakeConfig, parseStoredConfig, type LakeConfig } from '../config/lake.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { scheduleRuns, type ScheduleRun } from '../ledger/schedule-runs.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

/** So many months are shown; all with --json. */
const MONTHS_SHOWN = 12;
const RUNS_SHOWN = 12;

export function registerMonths(program: Command): void {
  withExamples(
    program
      .command('months <domain>')
      .description('how each month of each aggregation stands: fresh, stale and why, missing, failed, closed')
      .option('--json', 'print the result as JSON, with all months')
      .action(async (domain: string, options: { json?: boolean }) => {
        await withLedger((database) => months(database, domain, options.json ?? false));
      }),
    {
      'dimagi-lake months nutrition-demo': `the newest ${MONTHS_SHOWN} months, and every one that is stale`,
      'dimagi-lake months nutrition-demo --json': 'all of them, with rows and the time of publication',
    },
    [
      'fresh: nothing it was computed from has changed since. stale: something has (below it says what). missing: not computed.',
      'closed (c): older than close_after of lake.yaml; computed again only when asked for. failed (!): the newest attempt did not',
      'succeed; what was published before stands. Nothing is computed: `dimagi-lake aggregation` and `dimagi-lake schedule` do.',
    ],
  );
}

async function months(database: LedgerDatabase, domain: string, json: boolean): Promise<void> {
  const environment = readLedgerEnvironment();
  const config = loadLakeConfig(environment.LAKE_CONFIG);
  requireDomain(domain, config);
  const versions = new ConfigVersions(database, { parse: parseStoredConfig, hashKeyCheck: () => null });
  const configOf = (id: bigint): Promise<LakeConfig> => versions.read(id);
  const models = loadModels(environment.AGGREGATION_MODELS).all;
  const states = await readMonthStates({ database, models, domain, config, configOf });
  const runs = await scheduleRuns(database, domain, RUNS_SHOWN);
  if (json) printJson({ domain, months: states.all().map(asJson), scheduled: runs });
  else print(states, runs);
}

function asJson(state: MonthState): Record<string, unknown> {
  const { table, month, state: now, reasons, closed, due, published, failure } = state;
  return {
    ...{ table, month, state: now, reasons, closed, due },
    publishedAt: published?.publishedAt ?? null,
    rows: published === null ? null : Number(published.rows),
    run: published?.runId.toString() ?? null,
    deltaVersion: published?.deltaVersion.toString() ?? null,
    failure: failure === null ? null : { code: failure.code, reason: failure.reason, at: failure.at },
  };
}

function print(states: MonthStates, runs: readonly ScheduleRun[]): void {
  const all = states.all();
  const listed = [...new Set(all.flatMap((state) => state.month ?? []))].sort();
  const hidden = new Set(listed.slice(0, -MONTHS_SHOWN));
  for (const state of all)
    if (state.month !== null && (state.state === 'stale' || state.failure !== null))
      hidden.delete(state.month);
  const shown = listed.filter((month) => !hidden.has(month));
  const tables = [...states.models.values()];
  const cell = (table: string, month: string | null): string => {
    const state = all.find((each) => each.table === table && each.month === month);
    if (state === undefined) return '';
    return `${state.state}${state.closed ? ' c' : ''}${state.failure === null ? '' : ' !'}`;
  };
  const whole = tables.filter((model) => !model.monthly);
  printTable(
    ['table', ...(whole.length > 0 ? ['whole'] : []), ...shown.map((month) => month.slice(0, 7))],
    tables.map((model) => [
      model.table,
      ...(whole.length > 0 ? [model.monthly ? '' : cell(model.table, null)] : []),
      ...shown.map((month) => cell(model.table, month)),
    ]),
  );
  if (hidden.size > 0)
    printLine(
      `${counted(hidden.size, 'older month')} not shown, none of them stale or failed; --json has all`,
    );
  for (const { table, month, state, reasons, failure } of all) {
    const name = monthLabel(table, month);
    if (state === 'stale') printLine(`${name} is stale: ${reasons.join('; ')}`);
    if (failure !== null) printLine(paint('red', `${name} failed: ${failure.reason}`));
  }
  for (const { month, state, reason } of runs)
    if (state === 'failed')
      printLine(paint('red', `schedule of ${month.slice(0, 7)} failed: ${reason ?? ''}`));
}

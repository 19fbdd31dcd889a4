import type { Command } from 'commander';
import { faultsOf, faultCount } from '../config/faults.js';
import { lakeLines, loadLakeConfig, type LakeConfig } from '../config/lake.js';
import type { Fault } from '../config/lake-faults.js';
import { lakeConfigPath, ledgerToAsk, readSettings, type Settings } from '../config/settings.js';
import { suspicionsOfEnvironment, suspicionsOfLake } from '../config/suspicions.js';
import { suspicionsOfTables, type KnownTables } from '../config/transform-suspicions.js';
import { asLakeError, LakeError } from '../errors.js';
import { LedgerDatabase } from '../ledger/database.js';
import { knownTables } from '../ledger/known-tables.js';
import { checkExpressions } from '../pipeline/check-expressions.js';
import { knownColumns } from '../transform/known-columns.js';
import { loadHooks } from '../transform/load-hooks.js';
import { withSpark } from './with-spark.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { counted, printJson, printLine } from './terminal/print.js';

/** `check`, and `config check`, which is the same. */
export function registerCheck(parent: Command, name: string): void {
  withExamples(
    parent
      .command('check')
      .argument('[file]', 'only this lake.yaml; without it LAKE_CONFIG and every variable')
      .description('list every fault of lake.yaml, its hooks and the variables at once, and what looks odd')
      .option('--json', 'print faults and warnings as JSON')
      .action((file: string | undefined, { json }: { json?: boolean }) => check(file, json ?? false)),
    {
      [`dimagi-lake ${name}`]: 'every variable of ingestion, LAKE_CONFIG and its hooks',
      [`dimagi-lake ${name} new/lake.yaml`]: 'a file before it takes its place; no variable is needed',
    },
    [
      'Ends with 0 when there is no fault (warnings do not count), else with 3.',
      'The ledger is asked for the tables and columns there are, where LEDGER_DATABASE_URL is set and answers.',
    ],
  );
}

async function check(given: string | undefined, json: boolean): Promise<void> {
  const file = given ?? lakeConfigPath();
  try {
    const { lake, warnings } = await checked(file, given === undefined);
    const domains = Object.keys(lake.domains).length;
    if (json) printJson({ file, domains, faults: [], warnings });
    else {
      printLine(`${file}: ${counted(domains, 'domain')}, no fault`);
      for (const warning of warnings) printLine(`${paint('yellow', 'warning')}: ${warning}`);
    }
  } catch (thrown) {
    if (json && thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID')
      printJson({ file, faults: faultsOf(thrown), warnings: [] });
    throw thrown;
  }
}

interface Checked {
  readonly lake: LakeConfig;
  readonly warnings: readonly string[];
}

async function checked(file: string, withVariables: boolean): Promise<Checked> {
  const errors: LakeError[] = [];
  const attempt = async <T>(read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID')) throw thrown;
      errors.push(thrown);
      return undefined;
    }
  };
  const settings = withVariables ? await attempt(() => readSettings()) : undefined;
  // A fault of the variables must not hide those of the hooks.
  const lake = settings?.config ?? (await attempt(() => loadLakeConfig(file)));
  if (lake !== undefined) await attempt(() => loadHooks(lake));
  if (lake === undefined || errors.length > 0) throw together(errors);
  const asked = await askSparkFor(lake, settings);
  if (asked.faults.length > 0) throw inFile(file, lakeLines(lake.text, file, asked.faults));
  const { known, notes } = await askLedger();
  return {
    lake,
    warnings: [
      ...(settings === undefined ? [] : suspicionsOfEnvironment(settings.environment)),
      ...suspicionsOfLake(lake),
      ...lakeLines(lake.text, file, suspicionsOfTables(lake, known)),
      ...asked.notes,
      ...notes,
    ],
  };
}

/** Expressions are Spark's to judge; without a Spark the check says so. */
async function askSparkFor(
  lake: LakeConfig,
  settings: Settings | undefined,
): Promise<{ readonly faults: readonly Fault[]; readonly notes: readonly string[] }> {
  const tables = Object.values(lake.domains).flatMap((domain) => Object.values(domain.tables));
  if (tables.every((table) => table.derive.length === 0)) return { faults: [], notes: [] };
  const unasked = (why: string): string =>
    `the expressions of derived columns were not shown to Spark (${why})`;
  if (settings === undefined) return { faults: [], notes: [unasked('a file alone is checked without it')] };
  const { faults, notAsked } = await withSpark(
    ({ context, signal }) => checkExpressions(context, lake, signal),
    settings,
  );
  return { faults, notes: notAsked === undefined ? [] : [unasked(notAsked)] };
}

function inFile(file: string, faults: readonly string[]): LakeError {
  const message = `${file} has ${faultCount(faults)}:\n  ${faults.join('\n  ')}`;
  return new LakeError('CONFIG_INVALID', message, { facts: { faults } });
}

function together(errors: readonly LakeError[]): LakeError {
  const faults = [...new Set(errors.flatMap(faultsOf))];
  const message = `There ${faults.length === 1 ? 'is' : 'are'} ${faultCount(faults)}:\n  ${faults.join('\n  ')}`;
  return new LakeError('CONFIG_INVALID', message, {
    facts: { faults },
    mend: [...new Set(errors.map((each) => each.mend))].join(' '),
  });
}

/** What the lake has already is only good for warnings: a file may be checked before there is a lake. */
async function askLedger(): Promise<{ known?: KnownTables; notes: readonly string[] }> {
  const url = ledgerToAsk();
  if (url === undefined) return { notes: [] };
  const database = new LedgerDatabase(url);
  try {
    const byDomain = new Map<string, Map<string, readonly string[]>>();
    for (const { domain, kind, name, names } of await knownTables(database)) {
      const tables = byDomain.get(domain) ?? new Map<string, readonly string[]>();
      byDomain.set(domain, tables.set(name.toLowerCase(), knownColumns(kind, names)));
    }
    return { known: (domain) => byDomain.get(domain), notes: [] };
  } catch (thrown) {
    return { notes: [`the ledger was not asked for tables and columns (${asLakeError(thrown).code})`] };
  } finally {
    await database.close();
  }
}

import type { Command } from 'commander';
import { faultsOf } from '../config/faults.js';
import { readLedgerEnvironment } from '../config/environment.js';
import { hashKeyCheck, requireHashKey } from '../config/hash-key.js';
import { loadLakeConfig, type LakeConfig } from '../config/lake.js';
import { lakeConfigPath, readSettings } from '../config/settings.js';
import { suspicionsOfEnvironment, suspicionsOfLake } from '../config/suspicions.js';
import { LakeError } from '../errors.js';
import { LedgerDatabase } from '../ledger/database.js';
import { activateConfig } from '../ledger/lake.js';
import { migrateLedger } from '../ledger/migrate.js';
import { loadHooks } from '../transform/load-hooks.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { counted, printJson, printLine } from './terminal/print.js';

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('variables and lake.yaml: check them, make them active');
  withExamples(
    config
      .command('check')
      .argument('[file]', 'only this lake.yaml; without it LAKE_CONFIG and every variable')
      .description('list every fault at once, and what looks odd; asks no service')
      .option('--json', 'print faults and warnings as JSON')
      .action((file: string | undefined, { json }: { json?: boolean }) => {
        check(file, json ?? false);
      }),
    {
      'dimagi-lake config check': 'every variable of ingestion, and LAKE_CONFIG',
      'dimagi-lake config check new/lake.yaml': 'a file before it takes its place; no variable is needed',
    },
    ['Ends with 0 when there is no fault (warnings do not count), else with 3.'],
  );
  withExamples(
    config
      .command('apply')
      .description('make LAKE_CONFIG the active configuration; processes with another one stop planning')
      .option('--json', 'print the result as JSON')
      .action(async ({ json }: { json?: boolean }) => {
        await apply(json ?? false);
      }),
    { 'dimagi-lake config apply': 'then start the ingestion processes again' },
  );
}

function check(file: string | undefined, json: boolean): void {
  const name = file ?? lakeConfigPath();
  try {
    const { lake, warnings } = file === undefined ? checkAll() : checkFile(file);
    if (json) printJson({ file: name, domains: Object.keys(lake.domains).length, faults: [], warnings });
    else {
      printLine(`${name}: ${counted(Object.keys(lake.domains).length, 'domain')}, no fault`);
      for (const warning of warnings) printLine(`${paint('yellow', 'warning')}: ${warning}`);
    }
  } catch (thrown) {
    if (json && thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID')
      printJson({ file: name, faults: faultsOf(thrown), warnings: [] });
    throw thrown;
  }
}

interface Checked {
  readonly lake: LakeConfig;
  readonly warnings: readonly string[];
}

function checkFile(file: string): Checked {
  const lake = loadLakeConfig(file);
  return { lake, warnings: suspicionsOfLake(lake) };
}

function checkAll(): Checked {
  const { environment, config } = readSettings();
  return { lake: config, warnings: [...suspicionsOfEnvironment(environment), ...suspicionsOfLake(config)] };
}

async function apply(json: boolean): Promise<void> {
  const environment = readLedgerEnvironment();
  const lake = loadLakeConfig(environment.LAKE_CONFIG);
  requireHashKey(environment, lake);
  await loadHooks(lake);
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  try {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const version = await activateConfig(database, {
      ...lake,
      hashKeyCheck: hashKeyCheck(environment, lake),
    });
    if (json) printJson({ file: environment.LAKE_CONFIG, version: version.toString(), sha256: lake.sha256 });
    else printLine(`configuration version ${version} is active`);
  } finally {
    await database.close();
  }
}

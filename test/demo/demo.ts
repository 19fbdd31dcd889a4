import { join } from 'node:path';
import { stackUp } from '../../deploy/stack/stack.js';
import { aborted, readTargets, stopOnSignal, untilDone } from '../../orchestrator/commands/ingestion.js';
import { printTables } from '../../orchestrator/commands/tables.js';
import { readIngestionEnvironment } from '../../orchestrator/config/environment.js';
import { loadLakeConfig } from '../../orchestrator/config/lake.js';
import { EXIT, LakeError } from '../../orchestrator/errors.js';
import { tableTotals } from '../../orchestrator/ledger/totals.js';
import { createLogger } from '../../orchestrator/logger.js';
import { startControlPlane, type ControlPlane } from '../../orchestrator/main.js';
import { TOPICS } from '../../orchestrator/types.js';
import { readShellExports } from '../hq-sim/environment-file.js';
import { install } from '../hq-sim/installation.js';
import { loadInstallation } from '../hq-sim/load-installation.js';
import { countByOtherEngine, runOracle, type OracleTable, type TableCount } from '../oracle/oracle.js';
import { demoProgramme } from './programme.js';

export interface DemoOptions {
  readonly dir: string;
  readonly once: boolean;
  readonly forms: number;
}

/**
 * The whole thread on this machine: embedded stack, simulated HQ, ingestion of the three topics, and the proof: an
 * oracle that shares no code with the pipeline compares every row and column with HQ, and deltalake counts the rows.
 * @returns the exit code: 0 only when every table equals HQ
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const started = Date.now();
  const stack = await stackUp({ dir: options.dir, report: say });
  say('The stack is up; filling the simulated CommCare HQ');
  await install(options.dir, stack.env);
  const loaded = await loadInstallation(options.dir, demoProgramme(options.forms), {}, (forms) => {
    say(`${forms} forms told`);
  });
  say(`HQ holds ${JSON.stringify(loaded.holds)}`);
  const variables = { ...process.env, ...stack.env, ...readShellExports(join(options.dir, 'env.sh')) };
  const environment = readIngestionEnvironment(variables);
  const logger = createLogger(process.env['LOG_LEVEL'] ?? 'warn');
  const targets = await readTargets(environment, TOPICS, logger);
  const plane = await startControlPlane(environment, loadLakeConfig(environment.LAKE_CONFIG), TOPICS, logger);
  const stopped = stopOnSignal();
  try {
    say('Ingesting locations, cases and forms');
    const code = await untilDone(plane, targets, stopped);
    if (code !== EXIT.ok) return code;
    const equal = await report(plane, variables, loaded.loaded);
    say(`Done in ${Math.round((Date.now() - started) / 1000)} s`);
    say(whatNext(options));
    if (!options.once) await aborted(stopped);
    return equal ? EXIT.ok : EXIT.failed;
  } finally {
    await plane.stop();
  }
}

/**
 * @param isFirstLoad HQ was filled in this run: everything in it happened before any record was read, so the place of
 * each is the one HQ tells now. Later a record keeps the place it had when it was last written; then only places that
 * have not changed in HQ since are demanded.
 */
async function report(
  plane: ControlPlane,
  variables: NodeJS.ProcessEnv,
  isFirstLoad: boolean,
): Promise<boolean> {
  printTables(await tableTotals(plane.context.database), false);
  say('Comparing every row and column with HQ (an oracle of its own, in Python)');
  const verdict = await runOracle(variables, { locationColumns: isFirstLoad ? 'exact' : 'written' });
  if (verdict.error !== null) throw new LakeError('INTERNAL', `The oracle failed: ${verdict.error}`);
  const counts = await countByOtherEngine(variables);
  for (const table of verdict.tables) {
    process.stdout.write(
      `${table.ok ? 'equal    ' : 'DIFFERENT'} ${countsOf(table.table, counts)}${faultsOf(table)}\n`,
    );
  }
  const agree = counts.every((count) => count.lake === null || count.lake === count.hq);
  process.stdout.write(verdict.ok && agree ? 'The lake equals HQ.\n' : 'The lake DIFFERS from HQ.\n');
  return verdict.ok && agree && verdict.tables.length > 0;
}

function countsOf(table: string, counts: readonly TableCount[]): string {
  const count = counts.find((each) => each.table === table);
  return `${table}: HQ ${count?.hq ?? '-'} live, deltalake counts ${count?.lake ?? '-'}`;
}

/** Nothing for a table that equals HQ; else how much differs and where to begin to look. */
function faultsOf({ missing, extra, doubled, differing, problems }: OracleTable): string {
  const finds = Object.entries({ missing, extra, doubled, differing }).filter(([, { total }]) => total > 0);
  const cells = differing.cells.slice(0, 3).map(({ id, column }) => `${column} of ${id}`);
  const told = [...finds.map(([what, { total }]) => `${total} ${what}`), ...problems, ...cells];
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}

function whatNext({ dir, once }: DemoOptions): string {
  const at = dir === '.dimagi-lake' ? '' : ` --dir ${dir}`;
  const next: readonly (readonly [string, string])[] = [
    [`. ${dir}/env.sh`, 'every variable of the services'],
    [`npx dimagi-lake hq-sim change --kind edit --count 3${at}`, 'something happens in HQ'],
    ...(once ? [['npx dimagi-lake ingestion form-sql --once', 'and is brought into the lake'] as const] : []),
    ['npx dimagi-lake doctor', 'look at every service'],
    [`npx dimagi-lake stack up --thrift${at}`, 'SQL over JDBC'],
    [`npx dimagi-lake stack down${at}`, 'end every process; data stays'],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  const lines = next.map(([command, why]) => `  ${command.padEnd(width)}   # ${why}`);
  return [once ? 'The stack stays up. Try next:' : 'Stack and ingestion stay up. Try next:', ...lines].join(
    '\n',
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { registerAggregation } from './commands/aggregation.js';
import { registerAlerts } from './commands/alerts.js';
import { registerApi } from './commands/api.js';
import { registerBatches } from './commands/batches.js';
import { registerCheck } from './commands/check.js';
import { registerConfig } from './commands/config.js';
import { CONVENTIONS, exitCodes } from './commands/help.js';
import { registerIngestion } from './commands/ingestion.js';
import { registerMaintenance } from './commands/maintenance.js';
import { registerMigration } from './commands/migration.js';
import { registerModels } from './commands/models.js';
import { registerMonths } from './commands/months.js';
import { registerPause } from './commands/pause.js';
import { registerPrune } from './commands/prune.js';
import { registerQuarantine } from './commands/quarantine.js';
import { registerReconcile } from './commands/reconcile.js';
import { registerReprocess } from './commands/reprocess.js';
import { registerRescued } from './commands/rescued.js';
import { registerResume } from './commands/resume.js';
import { registerSchedule } from './commands/schedule.js';
import { registerSchema } from './commands/schema.js';
import { registerStack } from './commands/stack.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerHqSim } from './commands/hq-sim.js';
import { registerTables } from './commands/tables.js';
import { registerUp } from './commands/up.js';
import { registerToken } from './commands/token.js';
import { paint } from './commands/terminal/paint.js';
import { EXIT, asLakeError } from './errors.js';
import { PACKAGE_ROOT } from './package-root.js';

/**
 * The command line: a verb per file under commands/. Results go to stdout (`--json` for machines), logs and
 * progress to stderr. Exit codes are EXIT in errors.ts; README.md documents them.
 */
export async function main(argv: readonly string[]): Promise<void> {
  // Who reads only the first lines (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  try {
    await createProgram().parseAsync([...argv]);
  } catch (thrown) {
    process.exitCode = report(thrown);
  }
}

/** All verbs; a test holds README.md against it. */
export function createProgram(): Command {
  const program = new Command('dimagi-lake')
    .description("Keeps CommCare HQ's forms, cases and locations in a Delta Lake")
    .version(version(), '-V, --version', 'print the version')
    .enablePositionalOptions()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({
      outputError: (text, write) => {
        write(`USAGE: ${text.replace(/^error: /, '')}`);
      },
    })
    .exitOverride();
  registerDemo(program);
  registerUp(program);
  registerIngestion(program);
  registerAggregation(program);
  registerMonths(program);
  registerModels(program);
  registerSchedule(program);
  registerTables(program);
  registerSchema(program);
  registerRescued(program);
  registerPrune(program);
  registerBatches(program);
  registerQuarantine(program);
  registerReprocess(program);
  registerMigration(program);
  registerReconcile(program);
  registerMaintenance(program);
  registerPause(program);
  registerResume(program);
  registerAlerts(program);
  registerApi(program);
  registerToken(program);
  registerCheck(program, 'check');
  registerConfig(program);
  registerDoctor(program);
  registerStack(program);
  registerHqSim(program);
  program.addHelpText('after', `${exitCodes()}\n${CONVENTIONS}`);
  return program;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function report(thrown: unknown): number {
  // Commander has printed its own message; --help and --version end with code 0.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const error = asLakeError(thrown);
  const code = paint('red', error.code, process.stderr);
  process.stderr.write(`${code}: ${error.message}\nMend: ${error.mend}\n`);
  if (error.code === 'INTERNAL' && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return error.exitCode;
}

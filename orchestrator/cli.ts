import { Command, CommanderError } from 'commander';
import { registerConfig } from './commands/config.js';
import { registerIngestion } from './commands/ingestion.js';
import { registerQuarantine } from './commands/quarantine.js';
import { registerResume } from './commands/resume.js';
import { registerStack } from './commands/stack.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerHqSim } from './commands/hq-sim.js';
import { registerTables } from './commands/tables.js';
import { EXIT, asLakeError } from './errors.js';

/**
 * The command line: a verb per file under commands/. Results go to stdout (`--json` for machines), logs and
 * progress to stderr. Exit codes are EXIT in errors.ts; README.md documents them.
 */
export async function main(argv: readonly string[]): Promise<void> {
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
    .enablePositionalOptions()
    .showHelpAfterError()
    .exitOverride();
  registerStack(program);
  registerIngestion(program);
  registerConfig(program);
  registerTables(program);
  registerQuarantine(program);
  registerResume(program);
  registerDemo(program);
  registerDoctor(program);
  registerHqSim(program);
  return program;
}

function report(thrown: unknown): number {
  // Commander has printed its own message; --help and --version end with code 0.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const error = asLakeError(thrown);
  process.stderr.write(`${error.code}: ${error.message}\nMend: ${error.mend}\n`);
  if (error.code === 'INTERNAL' && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return error.exitCode;
}

import type { Command } from 'commander';
import { EXIT, EXIT_MEANINGS } from '../errors.js';

/** Adds examples to a verb's help: what to type, and what for. */
export function withExamples(
  command: Command,
  examples: Readonly<Record<string, string>>,
  notes: readonly string[] = [],
): Command {
  const width = Math.max(...Object.keys(examples).map((line) => line.length));
  const lines = Object.entries(examples).map(([line, what]) => `  ${line.padEnd(width)}   # ${what}`);
  const told = notes.length === 0 ? '' : `\n\n${notes.join('\n')}`;
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}${told}`);
}

/** The end of the top-level help. */
export function exitCodes(): string {
  const lines = Object.entries(EXIT).map(([name, code]) => {
    const meaning = EXIT_MEANINGS[name as keyof typeof EXIT];
    return `  ${code}  ${name.padEnd(11)}  ${meaning}`;
  });
  return `\nExit codes:\n${lines.join('\n')}`;
}

/** Where things are read from and printed to; below the exit codes. */
export const CONVENTIONS = `
Variables (KAFKA_…, LEDGER_…, SPARK_…) tell what to work with; \`. .dimagi-lake/env.sh\` sets those of the embedded stack.
Results go to stdout (--json: one JSON document), logs and progress to stderr (LOG_LEVEL, LOG_FORMAT=json, NO_COLOR).
Ctrl-C ends after the work under way, a second one at once; either way nothing is lost or written twice.
Manual: README.md; on a cluster: deploy/runbook.md`;

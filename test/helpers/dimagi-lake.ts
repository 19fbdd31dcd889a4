import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { FreshLake } from './fresh-lake.js';

const run = promisify(execFile);

/** Runs a verb of the command line on the lake, with `--json`. @returns what it printed @throws when it exits other than 0 */
export async function dimagiLake(lake: FreshLake, ...words: readonly string[]): Promise<unknown> {
  const program = join(PACKAGE_ROOT, 'orchestrator', 'bin.mjs');
  const { stdout } = await run(process.execPath, [program, ...words, '--json'], {
    env: { ...process.env, ...lake.env },
  });
  return JSON.parse(stdout);
}

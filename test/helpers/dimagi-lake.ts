import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { FreshLake } from './fresh-lake.js';

export interface VerbEnd {
  /** Null: ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a verb of the command line on the lake to its end, whatever that is. */
export async function runVerb(lake: Pick<FreshLake, 'env'>, ...words: readonly string[]): Promise<VerbEnd> {
  const program = join(PACKAGE_ROOT, 'orchestrator', 'bin.mjs');
  const child = spawn(process.execPath, [program, ...words], {
    env: { ...process.env, ...lake.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/**
 * Runs a verb with `--json`.
 * @returns what it printed @throws when it ends with other than 0: an Error that is also the end
 */
export async function dimagiLake(lake: FreshLake, ...words: readonly string[]): Promise<unknown> {
  const end = await runVerb(lake, ...words, '--json');
  if (end.code === 0) return JSON.parse(end.stdout);
  const how = `dimagi-lake ${words.join(' ')} ended with ${end.code ?? 'a signal'}`;
  throw Object.assign(new Error(`${how}\n${end.stderr}`), end);
}

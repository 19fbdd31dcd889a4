import { spawn } from 'node:child_process';
import { callerEnvironment } from '../../orchestrator/config/stack-environment.js';
import { LakeError } from '../../orchestrator/errors.js';

export interface ToolOptions {
  readonly cwd?: string;
  /** Added to our own environment (proxies and certificates of the caller must reach Maven and pip). */
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly timeoutMs?: number;
}

export interface ToolResult {
  readonly exitCode: number | null;
  readonly output: string;
}

const KEPT_CHARACTERS = 20_000;

/** Runs a program to its end and keeps the tail of its output. An absent program is exit code null. */
export function tryTool(
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...callerEnvironment(), ...options.environment },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    });
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause) => {
      resolve({ exitCode: null, output: cause.message });
    });
    child.once('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

/** @throws LakeError STACK_FAILED with the last lines of the program's output */
export async function runTool(
  what: string,
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { exitCode, output } = await tryTool(program, args, options);
  if (exitCode === 0) return output;
  const tail = output.trimEnd().split('\n').slice(-8).join('\n');
  throw new LakeError('STACK_FAILED', `${what} failed (${exitCode ?? 'not started or killed'}):\n${tail}`, {
    facts: { program },
    mend: 'See the lines above; a download that broke off can simply be run again.',
  });
}

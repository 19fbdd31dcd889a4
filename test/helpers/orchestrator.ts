import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { Topic } from '../../orchestrator/types.js';
import './end-on-sigterm.js';
import { until } from './until.js';

/** How a process ended, and all it said. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A live process of the control plane. */
export interface Orchestrator {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stderr(): string;
  /** Waits until a line of its log holds the text. */
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

const live = new Set<ChildProcess>();
// A test process that is stopped must not leave its children behind: they would hold the stack's database.
process.once('exit', () => {
  for (const child of live) child.kill('SIGKILL');
});

export function startOrchestrator(
  topic: Topic,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = ['--once', '--json'],
): Orchestrator {
  return startProcess(`ingestion of ${topic}`, ['ingestion', topic, ...flags], env);
}

/** A live process of any verb. @param name as failures call it */
export function startProcess(
  name: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Orchestrator {
  const program = join(PACKAGE_ROOT, 'orchestrator', 'bin.mjs');
  const child = spawn(process.execPath, [program, ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  live.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const state = { over: false };
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      live.delete(child);
      state.over = true;
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stderr: () => stderr,
    async says(text) {
      await until(`${name} says "${text}"`, () => {
        if (stderr.includes(text)) return true;
        if (state.over) throw new Error(`${name} ended without "${text}":\n${stderr}`);
        return false;
      });
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

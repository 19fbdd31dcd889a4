import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { stackVariable } from '../../helpers/stack-environment.js';
import { baselineFolder, baselinePackages } from './packages.js';

const answer = z.object({ seconds: z.number(), rows: z.number(), merges: z.number() });

/** What the original did with the messages it found. */
export type OriginalRound = z.infer<typeof answer>;

/** The original's process (baselines/original/original.py), warm from its first round on. */
export interface Original {
  /** Of the Python program; Spark's JVM is below it. */
  readonly pid: number;
  /** Merges what the topic has by now. */
  round(): Promise<OriginalRound>;
  close(): Promise<void>;
}

export interface OriginalOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** For its tables and its checkpoint. */
  readonly folder: string;
  /** Of Spark's JVM, as `2g`. */
  readonly memory: string;
}

export async function startOriginal({ brokers, topic, folder, memory }: OriginalOptions): Promise<Original> {
  const program = join(baselineFolder('original'), 'original.py');
  const places = [`${folder}/checkpoint`, `${folder}/tables`];
  const child = spawn('python3', [program, brokers.join(','), topic, ...places, memory], {
    // Its own: no class path, no options, no settings of ours.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      JAVA_HOME: process.env['JAVA_HOME'],
      SPARK_HOME: stackVariable('SPARK_HOME'),
      SPARK_LOCAL_IP: '127.0.0.1',
      PYTHONPATH: await baselinePackages('original'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      resolve();
    });
  });
  return {
    pid: child.pid ?? 0,
    async round() {
      child.stdin.write('\n');
      const line = await lines.next();
      if (line.done === true) throw new Error(`the original has ended: ${stderr}`);
      return answer.parse(JSON.parse(line.value));
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

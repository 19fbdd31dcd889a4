import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LakeError } from '../errors.js';

/** How the JVMs of a log store race are started. */
export interface RaceOptions {
  readonly sparkHome: string;
  /** Where the runner's classes are: its jar or class folder, as in `-cp`. */
  readonly classpath: string;
  /** The JVMs' whole environment: PATH (unless `java` is absolute), AWS_* and, for another store than AWS, S3_ENDPOINT. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Spark properties as drivers get them; the `spark.hadoop.*` ones matter. Default: made from S3_ENDPOINT and AWS_REGION. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly java?: string;
  readonly timeoutMs?: number;
}

const MAIN_CLASS = 'org.dimagi.lake.runner.LogStoreRace';
const DEFAULT_TIMEOUT_MS = 300_000;
const ERRORS_KEPT = 20_000;

/** One JVM of `LogStoreRace`, spoken to line by line. */
export class RaceProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  constructor(options: RaceOptions, args: readonly string[]) {
    const child = spawn(options.java ?? 'java', [...jvmOptions(options), MAIN_CLASS, ...args], {
      env: options.env,
    });
    child.stdin.on('error', () => undefined); // A process that died is reported by its exit code.
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#ended = ending(child, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#ended.catch(() => undefined); // Awaited where an answer is missing; a killed process's is not wanted.
  }

  send(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line of its answers. @throws LakeError STORAGE_FAILED when it ends instead */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done !== true) return next.value;
    await this.#ended;
    throw new LakeError('STORAGE_FAILED', 'The log store race could not be run: a writer ended early');
  }

  /** Lets it end by itself. @throws LakeError STORAGE_FAILED when it fails */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function ending(child: ChildProcessWithoutNullStreams, timeoutMs: number): Promise<void> {
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-ERRORS_KEPT);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const settle = (reason: string | undefined): void => {
      clearTimeout(timer);
      if (reason === undefined) resolve();
      else reject(new LakeError('STORAGE_FAILED', `The log store race could not be run: ${reason}`));
    };
    child.once('error', (cause) => {
      settle(cause.message);
    });
    child.once('close', (code) => {
      settle(code === 0 ? undefined : `exit ${code ?? 'by signal'}: ${headline(errors)}`);
    });
  });
}

/** The exceptions' own lines out of a Java stack trace. */
function headline(errors: string): string {
  const lines = errors.split('\n').filter((line) => /^(Exception in thread|Caused by:|Error)/.test(line));
  return (lines.length > 0 ? lines : errors.trim().split('\n').slice(-3)).join(' | ').slice(0, 1500);
}

function jvmOptions(options: RaceOptions): string[] {
  const properties = options.properties ?? s3Properties(options.env);
  return [
    '-Xmx192m',
    '-XX:TieredStopAtLevel=1',
    ...Object.entries(properties)
      .filter(([name]) => name.startsWith('spark.hadoop.'))
      .map(([name, value]) => `-D${name}=${value}`),
    '-cp',
    `${options.classpath}:${join(options.sparkHome, 'jars')}/*`,
  ];
}

function s3Properties(env: RaceOptions['env']): Record<string, string> {
  const { S3_ENDPOINT: endpoint, AWS_REGION: region = 'us-east-1' } = env;
  return {
    'spark.hadoop.fs.s3a.endpoint.region': region,
    ...(endpoint === undefined || endpoint === ''
      ? {}
      : {
          'spark.hadoop.fs.s3a.endpoint': endpoint,
          'spark.hadoop.fs.s3a.path.style.access': 'true',
          'spark.hadoop.fs.s3a.connection.ssl.enabled': String(endpoint.startsWith('https:')),
        }),
  };
}

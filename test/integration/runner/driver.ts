import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { SHORT_LIVED } from '../../../orchestrator/submit/session-properties.js';

export interface DriverOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Spark properties on top of {@link SPARK_PROPERTIES}. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The runner started as Spark's worker would, but straight from here. */
export interface Driver {
  readonly pid: number;
  /** Exit code; 128 + signal when killed. */
  readonly exit: Promise<number>;
  /** Everything it has written to stdout and stderr so far. */
  log(): string;
  thaw(): void;
  kill(): void;
}

const SPARK_PROPERTIES = {
  'spark.master': 'local[2]',
  'spark.app.name': 'runner-test',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.driver.host': '127.0.0.1',
  'spark.ui.enabled': 'false',
  'spark.sql.catalogImplementation': 'in-memory',
  'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
  'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
  'spark.sql.shuffle.partitions': '1',
  'spark.databricks.delta.snapshotPartitions': '1',
};
/** What Spark's worker opens too: its JDBC writer looks into closures and calendars. */
const OPENED = ['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.util', 'sun.util.calendar'];
const UNTIL_MS = 300_000;
const SOURCES = join(PACKAGE_ROOT, 'spark-jobs', 'runner', 'src', 'main', 'java');

export function sparkHome(): string {
  const home = process.env['SPARK_HOME'];
  if (home !== undefined && existsSync(join(home, 'jars'))) return home;
  throw new Error(
    'SPARK_HOME is not set: run these tests by `npm test`, or after `source <stack dir>/env.sh`.',
  );
}

/** A folder with the compiled runner (`classes`), for scripts, tables and results; removed by `close`. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-runner-'));
  readonly classes = join(this.folder, 'classes');
  readonly #drivers: Driver[] = [];

  constructor() {
    const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.java'),
    );
    const classpath = `${join(sparkHome(), 'jars')}/*`;
    const args = ['--release', '17', '-cp', classpath, '-d', this.classes];
    const javac = spawnSync('javac', [...args, ...sources.map((name) => join(SOURCES, name))], {
      encoding: 'utf8',
    });
    if (javac.status !== 0) throw new Error(`javac failed: ${javac.error?.message ?? javac.stderr}`);
  }

  url(name: string): string {
    return `file://${join(this.folder, name)}`;
  }

  /** @param lanes lane id → statements. @returns the run file's URI */
  writeRun(run: string, lanes: Readonly<Record<string, readonly string[]>>): string {
    const folder = join(this.folder, 'runs', run);
    mkdirSync(folder, { recursive: true });
    const listed = Object.entries(lanes).map(([lane, statements]) => {
      const text = statements.map((statement) => `-- of lane ${lane}\n${statement}\n;\n`).join('\n');
      writeFileSync(join(folder, `${lane}.sql`), text);
      return { lane, script: `file://${join(folder, `${lane}.sql`)}` };
    });
    const result = `file://${join(folder, 'result.json')}`;
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ run, parallelism: 2, result, lanes: listed }));
    return `file://${join(folder, 'run.json')}`;
  }

  resultPath(run: string): string {
    return join(this.folder, 'runs', run, 'result.json');
  }

  start(options: DriverOptions): Driver {
    const driver = startDriver(this.classes, this.folder, options);
    this.#drivers.push(driver);
    return driver;
  }

  /** A table's commits in order, each as its actions. */
  commits(table: string): Record<string, unknown>[][] {
    const log = join(this.folder, table, '_delta_log');
    const names = readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name));
    return names.sort().map((name) => parseLines(readFileSync(join(log, name), 'utf8')));
  }

  /** Until the table's first commit stands. */
  async untilCommitted(table: string): Promise<void> {
    const first = join(this.folder, table, '_delta_log', `${'0'.repeat(20)}.json`);
    const end = Date.now() + UNTIL_MS;
    while (!existsSync(first)) {
      if (Date.now() > end) throw new Error(`${table} was not committed`);
      await sleep(50);
    }
  }

  async close(): Promise<void> {
    for (const driver of this.#drivers) driver.kill();
    await Promise.all(this.#drivers.map((driver) => driver.exit));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Until the process is stopped by SIGSTOP (Linux: state T). */
export async function untilFrozen(driver: Driver): Promise<void> {
  const end = Date.now() + UNTIL_MS;
  while (Date.now() < end) {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(driver.pid)], { encoding: 'utf8' });
    if (stdout.trim().startsWith('T')) return;
    if (stdout.trim() === '') break;
    await sleep(50);
  }
  throw new Error(`the driver did not freeze: ${driver.log().slice(-2000)}`);
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function startDriver(classes: string, cwd: string, options: DriverOptions): Driver {
  const properties = { ...SPARK_PROPERTIES, ...options.properties };
  const child = spawn(
    'java',
    [
      '-Xmx700m',
      ...SHORT_LIVED,
      ...OPENED.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      // A driver that is killed deletes nothing: what it leaves goes with the folder.
      `-Djava.io.tmpdir=${cwd}`,
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      '-cp',
      `${classes}:${join(sparkHome(), 'jars')}/*`,
      'org.dimagi.lake.runner.Runner',
      ...options.args,
    ],
    { cwd, env: { PATH: process.env['PATH'], ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-200_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exit = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 128));
    });
  });
  return {
    pid: child.pid ?? 0,
    exit,
    log: () => log,
    thaw: () => child.kill('SIGCONT'),
    kill: () => child.kill('SIGKILL'),
  };
}

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { deltaSessionProperties } from '../../orchestrator/submit/session-properties.js';
import type { StackContext } from './context.js';
import { databaseServer } from './metastore.js';
import { superuserUrl } from './postgres.js';
import { sparkAddress } from './spark-daemons.js';
import { createDriver, driverState, killDriver } from './spark-rest.js';

/** What an archive fits: any change makes the JVM ignore it, so the name holds a hash of these. */
export interface ArchiveKey {
  readonly home: string;
  readonly driverClasspath: string;
  /** `java -version` in full. */
  readonly javaBuild: string;
}

const TEMPLATES = join(PACKAGE_ROOT, 'deploy', 'stack');
const DATABASE = 'dimagi_lake_rehearsal';
const LONGEST_MS = 240_000;
const LOOK_AGAIN_MS = 300;

/**
 * A class-data-sharing archive: a driver that maps it starts in half the time. Made by one real run of the runner,
 * whose JVM writes down at its exit all classes it has loaded. Everything works without it, so a failure is told
 * and not thrown.
 * @returns the archive's path, or undefined when it could not be made
 */
export async function classArchive(context: StackContext, key: ArchiveKey): Promise<string | undefined> {
  const target = join(context.layout.spark, `classes-${archiveHash(key)}.jsa`);
  if (existsSync(target)) return target;
  context.report('Making the class archive that halves the start of drivers (about a minute, once)');
  const folder = join(context.layout.spark, 'rehearsal');
  const temporary = `${target}.tmp`;
  try {
    writeRehearsal(folder);
    await withRehearsalLedger(context, (jdbcUrl) => rehearse(context, key, folder, temporary, jdbcUrl));
    renameSync(temporary, target);
    dropOthers(context.layout.spark, target);
    return target;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    context.report(`Warning: no class archive (${reason}); drivers start slower, all else is the same`);
    return undefined;
  } finally {
    rmSync(temporary, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

function archiveHash(key: ArchiveKey): string {
  const hash = createHash('sha256').update(key.home).update(key.javaBuild);
  // The JVM compares each jar's size and time.
  for (const jar of key.driverClasspath.split(':')) {
    const { size, mtimeMs } = statSync(jar);
    hash.update(`${jar} ${size} ${mtimeMs}`);
  }
  return hash.digest('hex').slice(0, 12);
}

function writeRehearsal(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'staged'), { recursive: true });
  const url = (name: string): string => pathToFileURL(join(folder, name)).href;
  const script = readFileSync(join(TEMPLATES, 'rehearsal.sql'), 'utf8');
  writeFileSync(join(folder, 'script.sql'), script.replaceAll('{{FOLDER}}', pathToFileURL(folder).href));
  writeFileSync(
    join(folder, 'staged', 'part-0.json'),
    STAGED.map((row) => `${JSON.stringify(row)}\n`).join(''),
  );
  const lanes = [{ lane: 'rehearsal', script: url('script.sql') }];
  const runFile = { run: 'rehearsal', parallelism: 1, result: url('result.json'), lanes };
  writeFileSync(join(folder, 'run.json'), JSON.stringify(runFile));
}

const STAGED = [1, 2, 3, 4, 5].map((number) => ({
  _op: number === 5 ? 'delete' : 'upsert',
  _id: `k${number}`,
  domain: 'rehearsal',
  received_on: '2025-01-02T03:04:05.000000Z',
  rev: `2025-01-02T03:04:0${number}.000000Z`,
  form__weight: number === 4 ? 'heavy' : '3.25',
  form__name: 'x',
  indices: [{ identifier: 'parent', referenced_id: 'p' }],
  _rescued: number === 4 ? { form__weight: 'heavy' } : null,
  month: number % 2 === 0 ? '2025-01-01' : '2025-02-01',
}));

/** The runner must claim its run somewhere; the real ledger may not have its tables yet. */
async function withRehearsalLedger(
  context: StackContext,
  act: (jdbcUrl: string) => Promise<void>,
): Promise<void> {
  const { host, port } = databaseServer(context);
  const drop = `DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`;
  await withClient(superuserUrl(context), async (admin) => {
    await admin.query(drop);
    await admin.query(`CREATE DATABASE ${DATABASE}`);
    try {
      const url = new URL(superuserUrl(context));
      url.pathname = `/${DATABASE}`;
      const functions = readFileSync(join(TEMPLATES, 'rehearsal-ledger.sql'), 'utf8');
      await withClient(url.href, (client) => client.query(functions));
      await act(`jdbc:postgresql://${host}:${port}/${DATABASE}`);
    } finally {
      await admin.query(drop);
    }
  });
}

async function withClient(url: string, act: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

async function rehearse(
  context: StackContext,
  key: ArchiveKey,
  folder: string,
  archive: string,
  jdbcUrl: string,
): Promise<void> {
  const address = sparkAddress(context);
  const id = await createDriver(address, {
    mainClass: 'org.dimagi.lake.runner.Runner',
    args: [
      '--run',
      'rehearsal',
      '--token',
      'rehearsal',
      '--run-file',
      pathToFileURL(join(folder, 'run.json')).href,
    ],
    properties: {
      ...deltaSessionProperties({
        driverClasspath: key.driverClasspath,
        // The dump names each class it leaves out: a megabyte of warnings.
        driverOptions: [`-XX:ArchiveClassesAtExit=${archive}`, '-Xlog:disable'],
      }),
      'spark.app.name': 'dimagi-lake-rehearsal',
      'spark.master': 'local[2]',
      'spark.driver.cores': '1',
      'spark.driver.memory': '1g',
    },
    environment: { LEDGER_RUNNER_JDBC_URL: jdbcUrl },
  });
  const giveUp = Date.now() + LONGEST_MS;
  for (;;) {
    const state = await driverState(address, id);
    if (state === 'FINISHED' && existsSync(archive)) return;
    if (Date.now() > giveUp) await killDriver(address, id);
    if (Date.now() > giveUp || (state !== undefined && !['SUBMITTED', 'RUNNING'].includes(state))) {
      throw new LakeError(
        'STACK_FAILED',
        `driver ${id} ended as ${state ?? 'unknown'}; see its log under spark/work`,
      );
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Each is 200 MB, and only the present class path can use one. */
function dropOthers(folder: string, kept: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/^classes-.*\.jsa$/.test(name) && path !== kept) rmSync(path, { force: true });
  }
}

import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { readStackEnvironment } from '../../orchestrator/config/stack-environment.js';
import { asLakeError, LakeError } from '../../orchestrator/errors.js';
import type { Report } from './cache.js';
import { classArchive } from './class-archive.js';
import { writeConfJar } from './conf-jar.js';
import type { StackContext } from './context.js';
import { prepareDatabases } from './databases.js';
import { stackEnvironment, writeEnvironmentFile } from './environment-file.js';
import { startKafka } from './kafka.js';
import { stackLayout, type StackLayout } from './layout.js';
import { withLock } from './lock.js';
import { prepareMetastore } from './metastore.js';
import { choosePorts, type PortName } from './ports.js';
import { deleteOutside } from './postgres-programs.js';
import { startPostgres } from './postgres.js';
import { killProcess, livePid, SERVICES, stopProcess, type ServiceName } from './processes.js';
import { startRedis } from './redis.js';
import { runnerJar } from './runner-jar.js';
import { clearScratch, startSpark } from './spark-daemons.js';
import { sparkHome } from './spark-home.js';
import { newState, readState, writeState, type StackState } from './state.js';
import { startThriftServer } from './thrift-server.js';
import { requireJava } from './tools.js';

/**
 * The embedded stack: Postgres, Redis, Kafka and Spark on this machine's loopback address, everything under one
 * directory D. `stackUp` starts what is not running and leaves the rest alone.
 */
export interface StackOptions {
  /** D; made when absent. */
  readonly dir: string;
  /** Start the Thrift Server too; remembered until `down`. */
  readonly thrift?: boolean | undefined;
  /** Use this Redis instead of starting one. */
  readonly redisUrl?: string | undefined;
  /** Use this Postgres (a login that may make databases and roles) instead of starting one. */
  readonly postgresUrl?: string | undefined;
  /** Of the Spark worker, e.g. `8g`. */
  readonly workerMemory?: string | undefined;
  /** False: do not make the class archive (a minute, once); drivers then start slower. Default true. */
  readonly classArchive?: boolean | undefined;
  readonly report?: Report | undefined;
}

export interface StackFacts {
  readonly dir: string;
  readonly environmentFile: string;
  /** All variables of D/env.sh. */
  readonly env: Readonly<Record<string, string>>;
}

const PORTS_OF: Readonly<Record<ServiceName, readonly PortName[]>> = {
  postgres: ['postgres'],
  redis: ['redis'],
  kafka: ['kafka', 'kafkaController'],
  'spark-master': ['sparkMaster', 'sparkRest', 'sparkMasterUi'],
  'spark-worker': ['sparkWorkerUi', 'thrift'],
};

/** Starts what is not running. @throws LakeError TOOL_MISSING, STACK_FAILED */
export async function stackUp(options: StackOptions): Promise<StackFacts> {
  const java = await requireJava(readStackEnvironment().java);
  const layout = prepareFolders(resolve(options.dir));
  const report = options.report ?? (() => undefined);
  return withLock(
    layout.lockFile,
    async () => {
      const context = await openContext(layout, options, report);
      return startAll(context, java.build, options.classArchive !== false);
    },
    (pid) => {
      report(`Waiting for process ${pid}, which works on the same stack`);
    },
  );
}

/** Ends every process of the stack; data stays. @returns the names of the services that were running */
export async function stackDown(
  dir: string,
  report: Report = () => undefined,
): Promise<readonly ServiceName[]> {
  const layout = stackLayout(resolve(dir));
  if (!existsSync(layout.stateFile)) return [];
  return withLock(layout.lockFile, async () => {
    const stopped: ServiceName[] = [];
    const stop = async (name: ServiceName): Promise<void> => {
      if (await stopProcess(layout, name)) {
        stopped.push(name);
        report(`Stopped ${name}`);
      }
    };
    // Drivers talk to everything else: they go first, with their worker.
    for (const name of ['spark-worker', 'spark-master'] as const) await stop(name);
    clearScratch(layout);
    await Promise.all((['kafka', 'redis', 'postgres'] as const).map(stop));
    const state = readState(layout);
    if (state !== undefined)
      writeState(layout, { ...state, thriftWanted: false, thriftSubmission: undefined });
    return stopped;
  });
}

/** For tests: ends the stack and deletes its directory with all data, and what stands outside it. */
export async function stackDelete(dir: string): Promise<void> {
  const layout = stackLayout(resolve(dir));
  const state = readState(layout);
  if (state === undefined) return;
  await stackDown(dir);
  deleteOutside(state);
  rmSync(layout.dir, { recursive: true, force: true });
}

/** For fault tests: sends a signal to one service's process (SIGKILL unless told), and nothing else. */
export function killService(dir: string, name: ServiceName, how: NodeJS.Signals = 'SIGKILL'): void {
  killProcess(stackLayout(resolve(dir)), name, how);
}

/** Ends one service in order and starts it again (with anything else that is not running). */
export async function restartService(options: StackOptions, name: ServiceName): Promise<StackFacts> {
  const layout = stackLayout(resolve(options.dir));
  await withLock(layout.lockFile, () => stopProcess(layout, name));
  return stackUp(options);
}

async function startAll(context: StackContext, javaBuild: string, wantArchive: boolean): Promise<StackFacts> {
  const { environment, report, layout } = context;
  const databases = async (): Promise<void> => {
    await startPostgres(context);
    await prepareDatabases(context);
  };
  // All are waited for also when one fails: none may go on starting after we have given the lock back.
  const results = await Promise.allSettled([
    sparkHome(environment.cacheFolder, report),
    databases(),
    startRedis(context),
    startKafka(context),
  ]);
  for (const result of results) if (result.status === 'rejected') throw asLakeError(result.reason);
  const home = results[0].status === 'fulfilled' ? results[0].value : '';
  await prepareMetastore(context, home);
  const confJar = await writeConfJar(context);
  const runner = await runnerJar(environment.cacheFolder, environment.java, home, report);
  await startSpark(context, home);
  const driverClasspath = [confJar, runner].join(delimiter);
  const archive = wantArchive ? await classArchive(context, { home, driverClasspath, javaBuild }) : undefined;
  const spark = { home, driverClasspath, classArchive: archive, s3Endpoint: environment.s3Endpoint };
  if (context.state.thriftWanted) await startThriftServer(context, spark);
  const env = stackEnvironment(context, spark);
  writeEnvironmentFile(layout.environmentFile, env);
  return { dir: layout.dir, environmentFile: layout.environmentFile, env };
}

function prepareFolders(dir: string): StackLayout {
  const layout = stackLayout(dir);
  for (const folder of [dir, layout.logs, layout.postgres]) mkdirSync(folder, { recursive: true });
  chmodSync(layout.logs, 0o700);
  for (const folder of ['lake', 'aggregates', 'checkpoint', 'warehouse']) {
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  }
  return layout;
}

async function openContext(
  layout: StackLayout,
  options: StackOptions,
  report: Report,
): Promise<StackContext> {
  const environment = readStackEnvironment();
  mkdirSync(environment.cacheFolder, { recursive: true });
  let state: StackState = { ...(readState(layout) ?? newState()), ...given(options) };
  // Drivers of a worker that was killed may live a moment longer and hold a port.
  for (const name of SERVICES) if (livePid(layout, name) === undefined) await stopProcess(layout, name);
  const running = new Set(
    SERVICES.filter((name) => livePid(layout, name) !== undefined).flatMap((name) => PORTS_OF[name]),
  );
  const remember = (change: Partial<StackState>): void => {
    state = { ...state, ...change };
    writeState(layout, state);
  };
  const ports = await choosePorts(environment.cacheFolder, layout.dir, state.ports, running);
  remember({ ports });
  return {
    layout,
    environment,
    ports,
    report,
    remember,
    get state() {
      return state;
    },
  };
}

function given(options: StackOptions): Partial<StackState> {
  const { redisUrl, postgresUrl, workerMemory, thrift } = options;
  if (workerMemory !== undefined && !/^[1-9]\d*[mgt]$/i.test(workerMemory)) {
    throw new LakeError('USAGE', `${workerMemory} is no amount of memory`, {
      mend: 'Write e.g. 8g or 6144m.',
    });
  }
  return {
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(postgresUrl === undefined ? {} : { postgresUrl }),
    ...(workerMemory === undefined ? {} : { workerMemory }),
    ...(thrift === undefined ? {} : { thriftWanted: thrift }),
  };
}

import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { HOST, type StackContext } from './context.js';
import { RUNNER_ROLE, warehouseDatabase } from './databases.js';
import { writePrivateFile } from './json-file.js';
import type { StackLayout } from './layout.js';
import { databaseServer } from './metastore.js';
import { ensureProcess, waitUntilReady, type ServiceName } from './processes.js';
import { propertiesText } from './properties-text.js';
import { masterState, probeRest, workerId, type SparkAddress } from './spark-rest.js';

const JWS_FILTER = 'org.apache.spark.ui.JWSFilter';
/** So that a few two-core drivers run side by side on a small machine; cores are a promise, not a limit. */
const FEWEST_CORES = 4;

export function sparkAddress({ state, ports }: Pick<StackContext, 'state' | 'ports'>): SparkAddress {
  return {
    restUrl: `http://${HOST}:${ports.sparkRest}`,
    masterUiUrl: `http://${HOST}:${ports.sparkMasterUi}`,
    secret: state.sparkSecret,
  };
}

/** A Spark Standalone master with one worker; both bound to loopback, REST and web pages behind a signed token. */
export async function startSpark(context: StackContext, home: string): Promise<void> {
  for (const folder of ['', 'recovery', 'work', 'local', 'tmp', 'daemon-conf']) {
    mkdirSync(join(context.layout.spark, folder), { recursive: true, mode: 0o700 });
  }
  writePrivateFile(join(context.layout.spark, 'daemon-conf', 'log4j2.properties'), LOGGING);
  await startMaster(context, home);
  await startWorker(context, home);
}

async function startMaster(context: StackContext, home: string): Promise<void> {
  const { layout, ports, state } = context;
  const properties = daemonProperties(context, 'master.properties', {
    ...pageFilter(state.sparkSecret),
    'spark.master.rest.enabled': 'true',
    'spark.master.rest.host': HOST,
    'spark.master.rest.port': String(ports.sparkRest),
    'spark.master.rest.filters': JWS_FILTER,
    // Without it a restarted master kills drivers that it does not know.
    'spark.deploy.recoveryMode': 'FILESYSTEM',
    'spark.deploy.recoveryDirectory': join(layout.spark, 'recovery'),
    // How long it waits for a worker that was there before; a live one answers at once.
    'spark.deploy.recoveryTimeout': '20s',
  });
  await startDaemon(context, 'spark-master', home, {}, properties, [
    'org.apache.spark.deploy.master.Master',
    ...['--host', HOST, '--port', String(ports.sparkMaster), '--webui-port', String(ports.sparkMasterUi)],
  ]);
  const address = sparkAddress(context);
  await waitUntilReady(
    layout,
    'spark-master',
    async () => (await probeRest(address.restUrl, address.secret)) === 200,
  );
}

async function startWorker(context: StackContext, home: string): Promise<void> {
  const { layout, ports, state } = context;
  const cores = Math.max(FEWEST_CORES, availableParallelism());
  const properties = daemonProperties(context, 'worker.properties', pageFilter(state.sparkSecret));
  await startDaemon(context, 'spark-worker', home, driverEnvironment(context, home), properties, [
    'org.apache.spark.deploy.worker.Worker',
    ...['--host', HOST, '--webui-port', String(ports.sparkWorkerUi)],
    ...['--cores', String(cores), '--memory', state.workerMemory, '--work-dir', join(layout.spark, 'work')],
    `spark://${HOST}:${ports.sparkMaster}`,
  ]);
  await waitUntilReady(layout, 'spark-worker', () => isRegistered(context));
}

/** A killed worker may still be listed: ours is the one whose own page names the same id. */
async function isRegistered(context: StackContext): Promise<boolean> {
  const address = sparkAddress(context);
  const [id, view] = await Promise.all([
    workerId(`http://${HOST}:${context.ports.sparkWorkerUi}`, address.secret),
    masterState(address),
  ]);
  return (
    view?.status === 'ALIVE' && view.workers.some((worker) => worker.id === id && worker.state === 'ALIVE')
  );
}

/** What drivers inherit from the worker. Secrets go this way because nothing shows a process's environment. */
function driverEnvironment(context: StackContext, home: string): Record<string, string> {
  const { host, port } = databaseServer(context);
  const warehouse = warehouseDatabase(context.state.passwords.warehouse);
  return {
    SPARK_HOME: home,
    // Else the worker looks for a build tree when it composes a driver's command.
    SPARK_SCALA_VERSION: '2.13',
    SPARK_CONF_DIR: context.layout.emptyConf,
    SPARK_LOCAL_DIRS: join(context.layout.spark, 'local'),
    LEDGER_RUNNER_JDBC_URL: `jdbc:postgresql://${host}:${port}/ledger`,
    LEDGER_RUNNER_USERNAME: RUNNER_ROLE,
    LEDGER_RUNNER_PASSWORD: context.state.passwords.runner,
    WAREHOUSE_JDBC_URL: `jdbc:postgresql://${host}:${port}/${warehouse.database}`,
    WAREHOUSE_USERNAME: warehouse.role,
    WAREHOUSE_PASSWORD: warehouse.password,
  };
}

/**
 * Where a JVM puts what it believes it will delete: a driver that is killed deletes nothing, and in /tmp its
 * `artifacts-*` and `*_resources` would stay for ever. Drivers inherit it from the worker's environment, as only
 * the worker knows its folders.
 */
function temporaryFolder({ layout }: Pick<StackContext, 'layout'>): string {
  return `-Djava.io.tmpdir='${join(layout.spark, 'tmp')}'`;
}

/** Deletes what ended drivers and daemons left behind; only when none of them runs. */
export function clearScratch(layout: StackLayout): void {
  for (const folder of ['tmp', 'local', 'scratch']) {
    rmSync(join(layout.spark, folder), { recursive: true, force: true });
  }
}

/** The pages and their JSON want the token too: the master's kill form needs none otherwise. */
function pageFilter(secret: string): Record<string, string> {
  return {
    'spark.ui.filters': JWS_FILTER,
    [`spark.${JWS_FILTER}.param.secretKey`]: secret,
    'spark.ui.killEnabled': 'false',
    // A port is where env.sh says, or the start fails.
    'spark.port.maxRetries': '0',
  };
}

interface PropertiesFile {
  readonly path: string;
  readonly text: string;
}

function daemonProperties(
  context: StackContext,
  name: string,
  properties: Readonly<Record<string, string>>,
): PropertiesFile {
  const path = join(context.layout.spark, name);
  const text = propertiesText(properties);
  writePrivateFile(path, text);
  return { path, text };
}

async function startDaemon(
  context: StackContext,
  name: ServiceName,
  home: string,
  variables: Readonly<Record<string, string>>,
  properties: PropertiesFile,
  args: readonly string[],
): Promise<void> {
  const { layout, environment } = context;
  const classpath = [join(layout.spark, 'daemon-conf'), join(home, 'jars', '*')].join(delimiter);
  const jvm = ['-Xms64m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...JAVA_MODULES];
  const command = {
    program: environment.java,
    args: [...jvm, '-cp', classpath, ...args, '--properties-file', properties.path],
    // Storage credentials are the caller's too: a later `up` without them must not end the drivers.
    inherited: { ...environment.daemon, ...environment.aws },
    environment: {
      SPARK_LOCAL_IP: HOST,
      SPARK_PUBLIC_DNS: HOST,
      JAVA_TOOL_OPTIONS: temporaryFolder(context),
      ...variables,
    },
    settings: properties.text,
    cwd: layout.spark,
  };
  await ensureProcess(layout, name, command, context.report);
}

/** What Spark's own start script opens (org.apache.spark.launcher.JavaModuleOptions). */
const JAVA_MODULES = [
  ...['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.io', 'java.net', 'java.nio', 'java.util'],
  ...['java.util.concurrent', 'java.util.concurrent.atomic', 'jdk.internal.ref', 'sun.nio.ch', 'sun.nio.cs'],
  ...['sun.security.action', 'sun.util.calendar'],
]
  .map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`)
  .concat('-Djdk.reflect.useDirectMethodHandle=false', '-Dio.netty.tryReflectionSetAccessible=true');

const LOGGING = `rootLogger.level = info
rootLogger.appenderRef.stdout.ref = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %-5p %c{1}: %m%n%ex
`;

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOST, type StackContext } from './context.js';
import { ownedDatabases, RUNNER_ROLE } from './databases.js';
import { writePrivateFile } from './json-file.js';
import { databaseServer, metastoreAccess } from './metastore.js';
import { databaseUrl, superuserUrl } from './postgres.js';
import { redisUrl } from './redis.js';
import { sparkAddress } from './spark-daemons.js';

export interface SparkFacts {
  readonly home: string;
  readonly driverClasspath: string;
  readonly classArchive: string | undefined;
  readonly s3Endpoint: string | undefined;
  readonly s3Region: string | undefined;
}

/** Every variable of design section 11 that the stack can know, by name. HQ's are the simulator's to add. */
export function stackEnvironment(context: StackContext, spark: SparkFacts): Record<string, string> {
  const { ports, layout, state } = context;
  const folder = (name: string): string => pathToFileURL(join(layout.dir, name)).href;
  const address = sparkAddress(context);
  return {
    KAFKA_BOOTSTRAP_SERVER_HOST: HOST,
    KAFKA_BOOTSTRAP_SERVER_PORT: String(ports.kafka),
    ...databaseVariables(context),
    CHECKPOINT_BASE_DIR: folder('checkpoint'),
    HQ_DATA_PATH: folder('lake'),
    AGG_DATA_PATH: folder('aggregates'),
    MAX_RECORDS_TO_PROCESS: '50000',
    REDIS_URL: redisUrl(context),
    SPARK_MASTER_URL: `spark://${HOST}:${ports.sparkMaster}`,
    SPARK_REST_URLS: address.restUrl,
    SPARK_REST_SECRET: state.sparkSecret,
    SPARK_MASTER_UI_URL: address.masterUiUrl,
    SPARK_HOME: spark.home,
    SPARK_DRIVER_CLASSPATH: spark.driverClasspath,
    ...(spark.classArchive === undefined ? {} : { SPARK_CLASS_ARCHIVE: spark.classArchive }),
    ...(state.thriftWanted ? { THRIFT_HOST: HOST, THRIFT_PORT: String(ports.thrift) } : {}),
    LAKE_CONFIG: join(layout.dir, 'lake.yaml'),
    API_HOST: HOST,
    API_PORT: String(ports.api),
  };
}

function databaseVariables(context: StackContext): Record<string, string> {
  const { state } = context;
  const { host, port } = databaseServer(context);
  const url = (role: string, password: string, database: string): string =>
    databaseUrl(host, port, role, password, database);
  const byDatabase = Object.fromEntries(ownedDatabases(context).map((owned) => [owned.database, owned]));
  const metastore = metastoreAccess(context);
  const warehouse = byDatabase['warehouse'];
  const ledger = byDatabase['ledger'];
  return {
    METASTORE_HOST: metastore.host,
    METASTORE_PORT: String(metastore.port),
    METASTORE_DB: metastore.database,
    METASTORE_USERNAME: metastore.username,
    METASTORE_PASSWORD: metastore.password,
    DASHBOARD_DB_HOST: host,
    DASHBOARD_DB_PORT: String(port),
    DASHBOARD_DB_NAME: 'warehouse',
    DASHBOARD_DB_USERNAME: warehouse?.role ?? '',
    DASHBOARD_DB_PASSWORD: warehouse?.password ?? '',
    LEDGER_DATABASE_URL: url(ledger?.role ?? '', ledger?.password ?? '', 'ledger'),
    LEDGER_RUNNER_DATABASE_URL: url(RUNNER_ROLE, state.passwords.runner, 'ledger'),
    STACK_POSTGRES_URL: superuserUrl(context),
  };
}

/**
 * D/env.sh: a shell file to source, readable by its owner only. Lines of others are kept (the simulator adds HQ's
 * variables, a person perhaps their own).
 */
export function writeEnvironmentFile(path: string, variables: Readonly<Record<string, string>>): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const kept = before.filter((line) => {
    const name = /^export ([A-Z][A-Z0-9_]*)=/.exec(line)?.[1];
    return (
      line !== '' && !(name !== undefined && (Object.hasOwn(variables, name) || OPTIONAL.includes(name)))
    );
  });
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  writePrivateFile(path, `${[...lines, ...kept].join('\n')}\n`);
}

/** Ours, but not there at every start: a line of an earlier start must not outlive what it names. */
const OPTIONAL: readonly string[] = ['SPARK_CLASS_ARCHIVE', 'THRIFT_HOST', 'THRIFT_PORT'];

/** In single quotes nothing is special but the quote itself. */
function shellWord(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { StackContext } from './context.js';
import { ownedDatabases } from './databases.js';
import { writePrivateFile } from './json-file.js';
import { databaseUrl, superuserUrl } from './postgres.js';
import { runTool } from './run-tool.js';

export interface MetastoreAccess {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** Where the databases are: our own Postgres or the one given by URL. */
export function databaseServer(context: Pick<StackContext, 'state' | 'ports'>): {
  host: string;
  port: number;
} {
  const url = new URL(superuserUrl(context));
  return { host: url.hostname, port: Number(url.port || '5432') };
}

export function metastoreAccess(context: Pick<StackContext, 'state' | 'ports'>): MetastoreAccess {
  const owned = ownedDatabases(context).find(({ database }) => database === 'metastore');
  if (owned === undefined) throw new LakeError('INTERNAL', 'There is no metastore database in the list');
  const { database, role: username, password } = owned;
  return { ...databaseServer(context), database, username, password };
}

/**
 * Makes the Hive metastore's tables, once; the VERSION row is written last and says that they are complete.
 * Not by `autoCreateAll`, which hangs for ever on Postgres, nor by each driver, which would race.
 */
export async function prepareMetastore(context: StackContext, home: string): Promise<void> {
  const access = metastoreAccess(context);
  const url = databaseUrl(access.host, access.port, access.username, access.password, access.database);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    if (await hasVersion(client)) return;
    context.report('Making the Hive metastore tables');
    await createTables(context, home, access);
    await client.query(readFileSync(join(PACKAGE_ROOT, 'hive', 'metastore-version.sql'), 'utf8'));
  } finally {
    await client.end();
  }
}

async function hasVersion(client: pg.Client): Promise<boolean> {
  const table = await client.query<{ found: boolean }>(
    `SELECT to_regclass('"VERSION"') IS NOT NULL AS found`,
  );
  if (table.rows[0]?.found !== true) return false;
  return (await client.query('SELECT 1 FROM "VERSION"')).rowCount !== 0;
}

async function createTables(context: StackContext, home: string, access: MetastoreAccess): Promise<void> {
  const jars = join(home, 'jars');
  const metastoreJar = readdirSync(jars).find((name) => /^hive-metastore-[\d.]+\.jar$/.test(name));
  if (metastoreJar === undefined) throw new LakeError('STACK_FAILED', `${jars} has no hive-metastore jar`);
  const { java } = context.environment;
  const scratch = mkdtempSync(join(context.layout.dir, 'metastore-'));
  try {
    // The tables' description stands in Hive's own jar.
    const unpack = ['-m', 'jdk.jartool/sun.tools.jar.Main', 'xf', join(jars, metastoreJar), 'package.jdo'];
    await runTool('Unpacking package.jdo', java, unpack, { cwd: scratch });
    const properties = join(scratch, 'schema-tool.properties');
    writePrivateFile(properties, `${schemaToolDefaults()}${connection(access)}`);
    await runTool(
      'DataNucleus SchemaTool',
      java,
      [
        ['-Xmx384m', '-cp', join(jars, '*'), 'org.datanucleus.store.schema.SchemaTool'],
        ['-create', '-api', 'JDO', '-props', properties, join(scratch, 'package.jdo')],
      ].flat(),
      { timeoutMs: 180_000 },
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function schemaToolDefaults(): string {
  return readFileSync(join(PACKAGE_ROOT, 'hive', 'schema-tool.properties'), 'utf8');
}

function connection(access: MetastoreAccess): string {
  const { host, port, database, username, password } = access;
  return [
    `javax.jdo.option.ConnectionURL=jdbc:postgresql://${host}:${port}/${database}`,
    'javax.jdo.option.ConnectionDriverName=org.postgresql.Driver',
    `javax.jdo.option.ConnectionUserName=${username}`,
    `javax.jdo.option.ConnectionPassword=${password}`,
    '',
  ].join('\n');
}

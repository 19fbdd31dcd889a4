import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { LakeError } from '../../orchestrator/errors.js';
import { HOST, type StackContext } from './context.js';
import { postgresPlace, type PostgresPlace } from './postgres-programs.js';
import { ensureProcess, waitUntilReady } from './processes.js';
import { runTool } from './run-tool.js';

const SUPERUSER = 'postgres';

/** Postgres for the ledger, the Hive metastore and the warehouse. Loopback TCP only, scram passwords. */
export async function startPostgres(context: StackContext): Promise<void> {
  const { layout, state, ports, environment } = context;
  if (state.postgresUrl !== undefined) return;
  const place = await postgresPlace(context);
  await initialise(context, place);
  const command = {
    program: join(place.home, 'bin', 'postgres'),
    args: [
      ['-D', place.data],
      ['-p', String(ports.postgres)],
      ['-h', HOST],
      // No socket file: its folder would have to be writable for `nobody` and short enough.
      ['-k', ''],
      // Every Spark driver holds a few connections of its own to the metastore.
      ['-c', 'max_connections=300'],
      ['-c', 'shared_buffers=64MB'],
      ['-c', 'timezone=UTC'],
    ].flat(),
    inherited: environment.daemon,
    cwd: place.data,
    ...place.account,
  };
  await ensureProcess(layout, 'postgres', command, context.report);
  await waitUntilReady(layout, 'postgres', () => answers(superuserUrl(context)));
}

/** The superuser's URL to the database `postgres`: for set-up and tests, never for Spark. */
export function superuserUrl(context: Pick<StackContext, 'state' | 'ports'>): string {
  const { state, ports } = context;
  return (
    state.postgresUrl ?? databaseUrl(HOST, ports.postgres, SUPERUSER, state.passwords.superuser, 'postgres')
  );
}

export function databaseUrl(
  host: string,
  port: number,
  user: string,
  password: string,
  database: string,
): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined); // The answer below says it.
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function initialise(context: StackContext, place: PostgresPlace): Promise<void> {
  const { state } = context;
  if (state.postgresData !== undefined) {
    if (existsSync(join(state.postgresData, 'PG_VERSION'))) return;
    throw new LakeError(
      'STACK_FAILED',
      `The Postgres data at ${state.postgresData} is gone, and the ledger with it`,
      {
        mend: 'Delete the stack directory and start anew, or put the data folder back.',
      },
    );
  }
  context.report('Making the Postgres data folder');
  // What stands there is of an initdb that did not end.
  rmSync(place.data, { recursive: true, force: true });
  mkdirSync(place.data, { recursive: true, mode: 0o700 });
  if (place.account !== undefined) {
    // Only the data folder itself is closed; the account must pass the one above it.
    chmodSync(dirname(place.data), 0o755);
    chownSync(place.data, place.account.uid, place.account.gid);
  }
  const passwordFile = join(dirname(place.data), 'superuser-password');
  writeFileSync(passwordFile, state.passwords.superuser, { mode: 0o600 });
  if (place.account !== undefined) chownSync(passwordFile, place.account.uid, place.account.gid);
  try {
    await runTool(
      'initdb',
      join(place.home, 'bin', 'initdb'),
      [
        ['-D', place.data],
        ['-U', SUPERUSER],
        ['-A', 'scram-sha-256'],
        [`--pwfile=${passwordFile}`],
        // The same order and letter cases on every machine, whatever locales it has.
        ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ].flat(),
      { cwd: place.data, ...place.account },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  context.remember({ postgresData: place.data });
}

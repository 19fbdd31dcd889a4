import pg from 'pg';
import { stackVariable } from './stack-environment.js';

/** A database of the stack's Postgres, or of another server, as its superuser. */
export function databaseUrl(name: string, server = stackVariable('STACK_POSTGRES_URL')): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function createDatabases(names: readonly string[], server?: string): Promise<void> {
  await asSuperuser(async (client) => {
    for (const name of names) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  }, server);
}

export async function dropDatabases(names: readonly string[], server?: string): Promise<void> {
  await asSuperuser(async (client) => {
    for (const name of names)
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  }, server);
}

/**
 * Makes the ledger's database anew, empty. It is always the one named `ledger`: the worker's environment, which
 * drivers inherit, names it.
 */
export async function resetLedger(): Promise<void> {
  await dropDatabases([LEDGER]);
  await createLedger(LEDGER);
}

/** An empty database that is the ledger's owner's. @returns its URL, as LEDGER_DATABASE_URL */
export async function createLedger(name: string): Promise<string> {
  const url = new URL(stackVariable('LEDGER_DATABASE_URL'));
  const runner = decodeURIComponent(new URL(stackVariable('LEDGER_RUNNER_DATABASE_URL')).username);
  await asSuperuser(async (client) => {
    const database = pg.escapeIdentifier(name);
    await client.query(
      `CREATE DATABASE ${database} OWNER ${pg.escapeIdentifier(decodeURIComponent(url.username))}`,
    );
    await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${pg.escapeIdentifier(runner)}`);
  });
  url.pathname = `/${name}`;
  return url.href;
}

/** A copy of the ledger as it is now, as a backup is. Ends all connections to it. @returns its URL */
export async function copyLedger(copy: string): Promise<string> {
  const url = new URL(stackVariable('LEDGER_DATABASE_URL'));
  const owner = pg.escapeIdentifier(decodeURIComponent(url.username));
  await asSuperuser(async (client) => {
    await client.query(`ALTER DATABASE ${LEDGER} WITH ALLOW_CONNECTIONS false`);
    try {
      // A warm driver comes back at once, so the door is shut first.
      await client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
        LEDGER,
      ]);
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(copy)} TEMPLATE ${LEDGER} OWNER ${owner}`);
    } finally {
      await client.query(`ALTER DATABASE ${LEDGER} WITH ALLOW_CONNECTIONS true`);
    }
  });
  url.pathname = `/${copy}`;
  return url.href;
}

const LEDGER = 'ledger';

async function asSuperuser<T>(act: (client: pg.Client) => Promise<T>, server?: string): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl('postgres', server) });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

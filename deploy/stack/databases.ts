import pg from 'pg';
import type { StackContext } from './context.js';
import { superuserUrl } from './postgres.js';

/** A database and the login that owns it. */
interface OwnedDatabase {
  readonly database: 'ledger' | 'metastore' | 'warehouse';
  readonly role: string;
  readonly password: string;
}

/** The login Spark drivers have in the ledger: no right but those the ledger's migrations grant it. */
export const RUNNER_ROLE = 'dimagi_runner';
/** The group that logins of dashboards are members of; the warehouse's owner gives it its rights. */
const READER_ROLE = 'dashboard_reader';

export function ownedDatabases({ state }: Pick<StackContext, 'state'>): readonly OwnedDatabase[] {
  const { passwords } = state;
  return [
    { database: 'ledger', role: 'dimagi_ledger', password: passwords.ledger },
    { database: 'metastore', role: 'dimagi_metastore', password: passwords.metastore },
    warehouseDatabase(passwords.warehouse),
  ];
}

/** Its owner makes tables and roles' rights in it, and drivers write it by the same login. */
export function warehouseDatabase(password: string): OwnedDatabase {
  return { database: 'warehouse', role: 'dimagi_warehouse', password };
}

/** Makes the three databases and four logins that are missing, and gives the logins this stack's passwords. */
export async function prepareDatabases(context: StackContext): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl(context), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await ensureRole(client, RUNNER_ROLE, context.state.passwords.runner);
    await ensureGroup(client, READER_ROLE);
    for (const { database, role, password } of ownedDatabases(context)) {
      await ensureRole(client, role, password);
      await ensureDatabase(client, database, role);
    }
    const runner = pg.escapeIdentifier(RUNNER_ROLE);
    await client.query(`GRANT CONNECT ON DATABASE ledger TO ${runner}`);
  } finally {
    await client.end();
  }
}

// CREATE ROLE and CREATE DATABASE take no parameters: names are escaped, and passwords are our own random letters.
async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const act = found.rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(
    `${act} ROLE ${pg.escapeIdentifier(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(password)}`,
  );
}

async function ensureGroup(client: pg.Client, role: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (found.rowCount === 0) await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} NOLOGIN`);
}

async function ensureDatabase(client: pg.Client, database: string, owner: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  const name = pg.escapeIdentifier(database);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner)}`);
  // Else every login could connect to every database.
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
}

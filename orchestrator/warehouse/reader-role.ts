import { LakeError } from '../errors.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { sqlStateOf, type WarehouseSession } from './database.js';
import { LOADS, PUBLIC } from './names.js';
import { quoteIdentifier } from './quote.js';

/** What dashboards' logins are members of: `GRANT dashboard_reader TO superset`. */
const READER = 'dashboard_reader';
const DUPLICATE_ROLE = '42710';

/**
 * Makes the role when our login may, and lets it read the tables there are and those to come. Rights on partitions are
 * not needed: Postgres asks for those of the table that is named. Staging tables it can't see.
 * @returns what an administrator has to run when our login may not make the role; else undefined
 */
export async function makeReader(tx: WarehouseSession): Promise<string | undefined> {
  const role = quoteIdentifier(READER);
  const [known] = await tx.query<{ present: boolean; may: boolean }>(
    sql`SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS present, rolcreaterole OR rolsuper AS may
     FROM pg_roles WHERE rolname = current_user`,
    [READER],
  );
  if (known?.present !== true) {
    if (known?.may !== true) return `CREATE ROLE ${READER} NOLOGIN`;
    await createRole(tx, role);
  }
  for (const grant of await grants(tx, role)) await tx.query(grant);
  return undefined;
}

/** Roles are the whole server's: a process at another database may have made it just now. */
async function createRole(tx: WarehouseSession, role: Sql): Promise<void> {
  await tx.query(sql`SAVEPOINT reader`);
  try {
    await tx.query(sql`CREATE ROLE ${role} NOLOGIN`);
  } catch (thrown) {
    if (!(thrown instanceof LakeError) || sqlStateOf(thrown) !== DUPLICATE_ROLE) throw thrown;
    await tx.query(sql`ROLLBACK TO SAVEPOINT reader`);
  }
}

async function grants(tx: WarehouseSession, role: Sql): Promise<Sql[]> {
  const [here] = await tx.query<{ name: string; may_connect: boolean }>(
    sql`SELECT current_database() AS name, has_database_privilege($1, current_database(), 'CONNECT') AS may_connect`,
    [READER],
  );
  const tables = await tx.query<{ name: string }>(
    sql`SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'p' AND pg_has_role(c.relowner, 'USAGE')
       AND NOT has_table_privilege($2, c.oid, 'SELECT')`,
    [PUBLIC, READER],
  );
  const [publicSchema, loads] = [quoteIdentifier(PUBLIC), quoteIdentifier(LOADS)];
  const statements = [
    sql`GRANT USAGE ON SCHEMA ${loads} TO ${role}`,
    sql`GRANT SELECT ON ${loads}.load TO ${role}`,
    sql`ALTER DEFAULT PRIVILEGES IN SCHEMA ${publicSchema} GRANT SELECT ON TABLES TO ${role}`,
  ];
  if (here !== undefined && !here.may_connect)
    statements.push(sql`GRANT CONNECT ON DATABASE ${quoteIdentifier(here.name)} TO ${role}`);
  if (tables.length > 0) {
    const names = tables.map(({ name }) => sql`${publicSchema}.${quoteIdentifier(name)}`);
    statements.push(sql`GRANT SELECT ON ${joinSql(names, ', ')} TO ${role}`);
  }
  return statements;
}

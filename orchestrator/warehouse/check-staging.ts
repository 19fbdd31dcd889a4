import { LakeError } from '../errors.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { qualified } from './catalog.js';
import { sqlStateOf, type WarehouseSession } from './database.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { sealedTable, type Staging } from './staging.js';

/** A query over the staging table that must return no rows. */
export interface StagingAudit {
  readonly name: string;
  readonly query: Sql;
}

const NULLS_NOT_DISTINCT = 150_000;
const UNIQUE_VIOLATION = '23505';

/** Every row that the Delta version has, and none of another domain or month. @throws LakeError AUDIT_FAILED */
export async function checkRows(
  session: WarehouseSession,
  staging: Staging,
  expected: bigint,
): Promise<void> {
  const strangers = staging.month === null ? sql`` : sql` OR month IS DISTINCT FROM $2::date`;
  const [found] = await session.query<{ rows: bigint; strangers: bigint }>(
    sql`SELECT count(*) AS rows, count(*) FILTER (WHERE domain IS DISTINCT FROM $1${strangers}) AS strangers
     FROM ${qualified(sealedTable(staging))}`,
    staging.month === null ? [staging.domain] : [staging.domain, staging.month],
  );
  const { rows, strangers: strange } = found ?? { rows: 0n, strangers: 0n };
  if (rows !== expected)
    throw auditFailed(staging, 'rows_arrived', `${rows} rows arrived, the lake has ${expected}`, {
      rows,
      expected,
    });
  if (strange > 0n)
    throw auditFailed(staging, 'rows_in_their_place', `${strange} rows are of another domain or month`, {
      rows: strange,
    });
}

export async function countRows(session: WarehouseSession, staging: Staging): Promise<bigint> {
  const [found] = await session.query<{ rows: bigint }>(
    sql`SELECT count(*) AS rows FROM ${qualified(sealedTable(staging))}`,
  );
  return found?.rows ?? 0n;
}

/**
 * Constraints that say what the partition's bounds say, so that ATTACH need not look at the rows while it holds its
 * lock, and the indexes. Safe to do again.
 * @throws LakeError AUDIT_FAILED when keys are not unique
 */
export async function finishTable(tx: WarehouseSession, staging: Staging): Promise<void> {
  const table = sealedTable(staging);
  const bounds = boundsOf(staging);
  const check = quoteIdentifier('within_bounds');
  await tx.query(
    sql`ALTER TABLE ${qualified(table)} DROP CONSTRAINT IF EXISTS ${check}, ADD CONSTRAINT ${check} CHECK (${bounds})`,
  );
  // Proved by the constraint, so nothing is read.
  const always = staging.month === null ? ['domain'] : ['domain', 'month'];
  const notNull = always.map((name) => sql`ALTER COLUMN ${quoteIdentifier(name)} SET NOT NULL`);
  await tx.query(sql`ALTER TABLE ${qualified(table)} ${joinSql(notNull, ', ')}`);
  await makeKeyIndex(tx, staging);
  for (const [at, columns] of staging.of.indexes.entries()) {
    const name = quoteIdentifier(indexName(staging, String(at + 1)));
    await tx.query(sql`CREATE INDEX IF NOT EXISTS ${name} ON ${qualified(table)} (${listOf(columns)})`);
  }
}

/** Exactly what the partition is attached for, in the words of its bounds. */
function boundsOf({ domain, month }: Pick<Staging, 'domain' | 'month'>): Sql {
  const ofDomain = sql`domain IS NOT NULL AND domain = ${quoteLiteral(domain)}`;
  return month === null
    ? ofDomain
    : sql`${ofDomain} AND month IS NOT NULL AND month = ${quoteLiteral(month)}::date`;
}

/** Domain and month are the same in every row of the leaf, and partition pruning knows them: the keys alone will do. */
async function makeKeyIndex(tx: WarehouseSession, staging: Staging): Promise<void> {
  const table = qualified(sealedTable(staging));
  const keys = staging.of.keys.filter((key) => key !== 'domain' && key !== 'month');
  const columns = keys.length === 0 ? ['domain'] : keys;
  const [server] = await tx.query<{ version: number }>(
    sql`SELECT current_setting('server_version_num')::int AS version`,
  );
  const nulls = (server?.version ?? 0) >= NULLS_NOT_DISTINCT;
  await tx.query(sql`SAVEPOINT keys`);
  try {
    const name = quoteIdentifier(indexName(staging, 'key'));
    const distinct = nulls ? sql` NULLS NOT DISTINCT` : sql``;
    await tx.query(
      sql`CREATE UNIQUE INDEX IF NOT EXISTS ${name} ON ${table} (${listOf(columns)})${distinct}`,
    );
    if (nulls) return;
  } catch (thrown) {
    if (sqlStateOf(thrown) !== UNIQUE_VIOLATION) throw thrown;
    await tx.query(sql`ROLLBACK TO SAVEPOINT keys`);
  }
  const [twice] = await tx.query<{ keys: bigint }>(
    sql`SELECT count(*) AS keys FROM (SELECT FROM ${table} GROUP BY ${listOf(columns)} HAVING count(*) > 1) AS twice`,
  );
  const count = twice?.keys ?? 0n;
  if (count > 0n)
    throw auditFailed(staging, 'keys_unique', `${count} keys stand more than once`, { keys: count });
}

/** Runs the model's audits. @throws LakeError AUDIT_FAILED naming the first that found rows, and how many */
export async function runAudits(
  session: WarehouseSession,
  staging: Staging,
  audits: readonly StagingAudit[],
): Promise<void> {
  for (const { name, query } of audits) {
    const [found] = await session.query<{ rows: bigint }>(
      sql`SELECT count(*) AS rows FROM (\n${query}\n) AS found`,
    );
    const rows = found?.rows ?? 0n;
    if (rows > 0n) throw auditFailed(staging, name, `it found ${rows} rows`, { rows });
  }
}

function auditFailed(
  staging: Staging,
  audit: string,
  what: string,
  counts: Readonly<Record<string, bigint>>,
): LakeError {
  const { table, domain, month, token } = staging;
  const facts = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count.toString()]));
  return new LakeError(
    'AUDIT_FAILED',
    `Audit ${audit} of ${table}${month === null ? '' : ` of ${month}`} in the warehouse: ${what}`,
    { facts: { audit, table, domain, month, token: token.toString(), ...facts } },
  );
}

function indexName(staging: Staging, which: string): string {
  return `${staging.name.slice(0, 63 - 1 - which.length)}_${which}`;
}

function listOf(columns: readonly string[]): Sql {
  return joinSql(
    columns.map((name) => quoteIdentifier(name)),
    ', ',
  );
}

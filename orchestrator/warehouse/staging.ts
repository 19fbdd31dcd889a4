import { randomBytes } from 'node:crypto';
import { LakeError } from '../errors.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { exists, qualified, readTable, type TableName } from './catalog.js';
import type { WarehouseSession } from './database.js';
import { requireNewest } from './load-table.js';
import {
  isStagingOf,
  openStagingName,
  PUBLIC,
  sealedStagingName,
  STAGING,
  tokenOfStaging,
  type LoadTarget,
} from './names.js';
import { quoteIdentifier } from './quote.js';
import type { WarehouseTable } from './table.js';
import { columnChanges } from './tables.js';

/** A load's rows on their way: a table of their own until the swap. */
export interface Staging extends LoadTarget {
  readonly of: WarehouseTable;
  /** The aggregation run: of two loads of a month the one with the higher token wins. */
  readonly token: bigint;
  /** Table in schema `dimagi_lake_staging` that Spark writes; its columns are those of `of`, in that order. */
  readonly name: string;
}

/**
 * An empty staging table; what earlier runs of the same table, domain and month left is dropped. It is logged: it
 * becomes the live partition, and an unlogged one would be empty after a crash of Postgres (making it logged at the
 * end writes all rows once more, under a lock).
 * @throws LakeError LOAD_FENCED when a later run has loaded the month, or is loading it
 */
export async function makeStaging(
  tx: WarehouseSession,
  table: WarehouseTable,
  target: LoadTarget,
  token: bigint,
): Promise<Staging> {
  await requireNewest(tx, target, token);
  const left = (await stagingTables(tx)).filter((name) => isStagingOf(target, name));
  const later = left.find((name) => (tokenOfStaging(name) ?? 0n) > token);
  if (later !== undefined)
    throw new LakeError('LOAD_FENCED', `A later run than ${token} is loading ${target.table}`, {
      facts: { ...target, token: token.toString() },
    });
  for (const name of left) await tx.query(sql`DROP TABLE ${qualified({ schema: STAGING, name })}`);
  const name = openStagingName(target, token, randomBytes(3).toString('hex'));
  await tx.query(sql`CREATE TABLE ${qualified({ schema: STAGING, name })} (${await columnsSql(tx, table)})`);
  return { ...target, of: table, token, name };
}

/** The model's columns in its order, with the types they have in the warehouse: a wider one may stand there. */
async function columnsSql(tx: WarehouseSession, table: WarehouseTable): Promise<Sql> {
  const present = await readTable(tx, { schema: PUBLIC, name: table.table });
  const types = new Map(present?.columns.map(({ name, type }) => [name, type]));
  const columns = table.columns.map(({ name }) => {
    const type = types.get(name);
    if (type === undefined)
      throw new LakeError('INTERNAL', `${PUBLIC}.${table.table} has no column ${name}`, {
        facts: { column: name },
      });
    return sql`${quoteIdentifier(name)} ${type as Sql}`;
  });
  return joinSql(columns, ',\n  ');
}

/** Where the staging table is after sealing. */
export function sealedTable(staging: Staging): TableName {
  return { schema: STAGING, name: sealedStagingName(staging, staging.token) };
}

/**
 * Takes the table out of Spark's reach: the lock waits for writes under way, and whoever writes later (a driver that was
 * believed dead) finds no table of that name. Safe to do again.
 */
export async function sealStaging(tx: WarehouseSession, staging: Staging): Promise<void> {
  const sealed = sealedTable(staging);
  if (await exists(tx, sealed)) return;
  const open = { schema: STAGING, name: staging.name };
  if (!(await exists(tx, open)))
    throw new LakeError('WAREHOUSE_FAILED', `The staging table of run ${staging.token} is gone`, {
      facts: {
        table: staging.table,
        domain: staging.domain,
        month: staging.month,
        token: staging.token.toString(),
      },
      mend: 'Run the aggregation again: it loads the month anew.',
    });
  await tx.query(sql`ALTER TABLE ${qualified(open)} RENAME TO ${quoteIdentifier(sealed.name)}`);
}

/** Gives the staging table what the live one has got beside since: columns of other domains' levels, wider types. */
export async function alignStaging(tx: WarehouseSession, staging: Staging): Promise<void> {
  const live = await readTable(tx, { schema: PUBLIC, name: staging.table });
  const sealed = await readTable(tx, sealedTable(staging));
  if (live === undefined || sealed === undefined) return;
  const wanted = live.columns.map(({ name, type }) => [name, type] as const);
  const changes = columnChanges(sealed, wanted, staging.table);
  if (changes.length > 0)
    await tx.query(sql`ALTER TABLE ${qualified(sealedTable(staging))} ${joinSql(changes, ', ')}`);
}

export async function stagingTables(session: WarehouseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    sql`SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY c.relname`,
    [STAGING],
  );
  return rows.map(({ name }) => name);
}

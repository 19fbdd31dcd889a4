import { LakeError } from '../errors.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { exists, qualified, readTable, type CatalogTable, type TableName } from './catalog.js';
import { conversionOf, postgresType, typeSql, widerType } from './column-types.js';
import type { WarehouseSession } from './database.js';
import {
  domainPartition,
  LOADS,
  PARTITIONS,
  PUBLIC,
  socketPartition,
  STAGING,
  type LoadTarget,
} from './names.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { WarehouseTable } from './table.js';

/** Any fixed number: processes that make or change tables do so one at a time, whichever table it is. */
const SCHEMA_LOCK = 7_021_947;

/** Schemas and the load table. Inside a transaction. */
export async function makeBase(tx: WarehouseSession): Promise<void> {
  await lockSchema(tx);
  for (const schema of [PARTITIONS, STAGING, LOADS])
    await tx.query(sql`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  if (await exists(tx, LOAD_TABLE)) return;
  for (const statement of LOAD_STATEMENTS) await tx.query(statement);
}

const LOAD_TABLE: TableName = { schema: LOADS, name: 'load' };

const LOAD_STATEMENTS: readonly Sql[] = [
  sql`CREATE TABLE dimagi_lake.load (
  table_name text NOT NULL,
  domain text NOT NULL,
  month date,
  token bigint NOT NULL,
  sources jsonb NOT NULL,
  rows bigint NOT NULL,
  loaded_at timestamptz NOT NULL
)`,
  // Null months are one month too; NULLS NOT DISTINCT is of Postgres 15.
  sql`CREATE UNIQUE INDEX load_target ON dimagi_lake.load (table_name, domain, coalesce(month, '-infinity'::date))`,
  sql`COMMENT ON TABLE dimagi_lake.load IS 'What stands in the warehouse: one row per table, domain and month, changed in the transaction that swaps the rows in'`,
  sql`COMMENT ON COLUMN dimagi_lake.load.month IS 'First of month; null for a table without months'`,
  sql`COMMENT ON COLUMN dimagi_lake.load.token IS 'The aggregation run that made the rows; a lower one is refused'`,
  sql`COMMENT ON COLUMN dimagi_lake.load.sources IS 'Delta version of each lake table the rows were computed from'`,
];

/**
 * Makes the table or brings it to the model's present columns. What other domains or older models have beside stays.
 * @throws LakeError WAREHOUSE_SCHEMA when a column's type can't become the model's without loss, or the name is taken
 */
export async function makeTable(tx: WarehouseSession, table: WarehouseTable): Promise<void> {
  requireColumns(table);
  await lockSchema(tx);
  const name = { schema: PUBLIC, name: table.table };
  const present = await readTable(tx, name);
  if (present === undefined) await createTable(tx, name, table);
  else await followColumns(tx, name, present, table);
  for (const statement of commentStatements(name, await readTable(tx, name), table))
    await tx.query(statement);
}

/** Makes what is missing of the partitions above the target's leaf. Readers of other partitions are not waited for. */
export async function makePartitions(tx: WarehouseSession, target: LoadTarget): Promise<void> {
  const parent = { schema: PUBLIC, name: target.table };
  const ofDomain = { schema: PARTITIONS, name: domainPartition(target) };
  const socket = { schema: PARTITIONS, name: socketPartition(target) };
  if (await exists(tx, socket)) return;
  await lockSchema(tx);
  const domain = quoteLiteral(target.domain);
  if (target.month === null) {
    if (!(await exists(tx, socket))) await attachNew(tx, parent, parent, socket, sql`domain`, domain);
    return;
  }
  if (!(await exists(tx, ofDomain))) await attachNew(tx, parent, parent, ofDomain, sql`month`, domain);
  if (!(await exists(tx, socket)))
    await attachNew(tx, parent, ofDomain, socket, sql`domain`, quoteLiteral(target.month));
}

/**
 * ATTACH of a table made before: `CREATE TABLE … PARTITION OF` would lock out readers of the parent.
 * @param key what the new partition is itself partitioned by
 */
async function attachNew(
  tx: WarehouseSession,
  model: TableName,
  parent: TableName,
  partition: TableName,
  key: Sql,
  value: Sql,
): Promise<void> {
  await tx.query(
    sql`CREATE TABLE ${qualified(partition)} (LIKE ${qualified(model)}) PARTITION BY LIST (${key})`,
  );
  await tx.query(
    sql`ALTER TABLE ${qualified(parent)} ATTACH PARTITION ${qualified(partition)} FOR VALUES IN (${value})`,
  );
}

/** A cheap way to be alone: two loads that both miss a partition, or two domains that both bring a column. */
async function lockSchema(tx: WarehouseSession): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock($1)`, [SCHEMA_LOCK]);
}

/** Columns by which tables are partitioned; every row has them. */
function partitionColumns({ monthly }: Pick<WarehouseTable, 'monthly'>): readonly string[] {
  return monthly ? ['domain', 'month'] : ['domain'];
}

function requireColumns(table: WarehouseTable): void {
  const names = new Set(table.columns.map(({ name }) => name));
  const wanted = [...partitionColumns(table), ...table.keys, ...table.indexes.flat()];
  const missing = wanted.filter((name) => !names.has(name));
  if (missing.length > 0)
    throw new LakeError('INTERNAL', `${table.table} has no column ${missing.join(', ')}`, {
      facts: { table: table.table, missing },
    });
}

async function createTable(tx: WarehouseSession, name: TableName, table: WarehouseTable): Promise<void> {
  const always = partitionColumns(table);
  const columns = table.columns.map((column) => {
    const notNull = always.includes(column.name) ? sql` NOT NULL` : sql``;
    return sql`${quoteIdentifier(column.name)} ${typeSql(postgresType(column.type))}${notNull}`;
  });
  await tx.query(
    sql`CREATE TABLE ${qualified(name)} (\n  ${joinSql(columns, ',\n  ')}\n) PARTITION BY LIST (domain)`,
  );
}

async function followColumns(
  tx: WarehouseSession,
  name: TableName,
  present: CatalogTable,
  table: WarehouseTable,
): Promise<void> {
  if (present.kind !== 'p' || present.partitionKey !== 'LIST (domain)')
    throw new LakeError('WAREHOUSE_SCHEMA', `${PUBLIC}.${table.table} is there, and it is no table of ours`, {
      facts: { table: table.table },
      mend: `Rename or drop ${PUBLIC}.${table.table} in the warehouse, then run the command again.`,
    });
  const changes = columnChanges(
    present,
    table.columns.map(({ name: column, type }) => [column, postgresType(type)]),
    table.table,
  );
  if (changes.length > 0) await tx.query(sql`ALTER TABLE ${qualified(name)} ${joinSql(changes, ', ')}`);
}

/**
 * What to alter so that the table has all the columns, each wide enough.
 * @param wanted names and Postgres types
 */
export function columnChanges(
  present: CatalogTable,
  wanted: readonly (readonly [string, string])[],
  table: string,
): Sql[] {
  const changes: Sql[] = [];
  for (const [column, type] of wanted) {
    const found = present.columns.find(({ name }) => name === column);
    if (found === undefined) {
      changes.push(sql`ADD COLUMN ${quoteIdentifier(column)} ${typeSql(type)}`);
      continue;
    }
    const wider = widerType(found.type, type);
    if (wider === undefined) throw typeChanged(table, column, found.type, type);
    if (wider === found.type) continue;
    const conversion = conversionOf(column, found.type, wider);
    changes.push(sql`ALTER COLUMN ${quoteIdentifier(column)} TYPE ${typeSql(wider)} USING ${conversion}`);
  }
  return changes;
}

function typeChanged(table: string, column: string, present: string, wanted: string): LakeError {
  return new LakeError(
    'WAREHOUSE_SCHEMA',
    `Column ${column} of ${PUBLIC}.${table} is ${present}, the model says ${wanted}: not every value would stay what it is`,
    {
      facts: { table, column, present, wanted },
      mend: `Give the column a new name in the model; or drop ${PUBLIC}.${table} in the warehouse and its rows in dimagi_lake.load (table_name '${table}'), and load every month of every domain again.`,
    },
  );
}

function commentStatements(name: TableName, present: CatalogTable | undefined, table: WarehouseTable): Sql[] {
  const text = `${table.description} (${table.grain})`;
  const statements: Sql[] = [];
  if (present?.comment !== text)
    statements.push(sql`COMMENT ON TABLE ${qualified(name)} IS ${quoteLiteral(text)}`);
  for (const column of table.columns) {
    if (present?.columns.find((each) => each.name === column.name)?.comment === column.description) continue;
    const target = sql`${qualified(name)}.${quoteIdentifier(column.name)}`;
    statements.push(sql`COMMENT ON COLUMN ${target} IS ${quoteLiteral(column.description)}`);
  }
  return statements;
}

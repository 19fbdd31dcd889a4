import { sql, type Sql } from '../sql/text.js';
import type { WarehouseSession } from './database.js';
import { quoteIdentifier } from './quote.js';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface CatalogColumn {
  readonly name: string;
  /** As `format_type` spells it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly comment: string | null;
}

/** A table as Postgres' catalog knows it. */
export interface CatalogTable {
  /** `p`: partitioned, `r`: ordinary, `v`: a view, … */
  readonly kind: string;
  /** What it is partitioned by: `LIST (domain)`. */
  readonly partitionKey: string | null;
  readonly comment: string | null;
  readonly columns: readonly CatalogColumn[];
}

export function qualified({ schema, name }: TableName): Sql {
  return sql`${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** @returns undefined when there is none of that name */
export async function readTable(
  session: WarehouseSession,
  { schema, name }: TableName,
): Promise<CatalogTable | undefined> {
  const [table] = await session.query<{
    oid: string;
    kind: string;
    partition_key: string | null;
    comment: string | null;
  }>(
    sql`SELECT c.oid::text AS oid, c.relkind::text AS kind, pg_get_partkeydef(c.oid) AS partition_key,
            obj_description(c.oid, 'pg_class') AS comment
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, name],
  );
  if (table === undefined) return undefined;
  const columns = await session.query<{
    name: string;
    type: string;
    not_null: boolean;
    comment: string | null;
  }>(
    sql`SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null,
            col_description(attrelid, attnum) AS comment
     FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table.oid],
  );
  return {
    kind: table.kind,
    partitionKey: table.partition_key,
    comment: table.comment,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      notNull: column.not_null,
      comment: column.comment,
    })),
  };
}

export async function exists(session: WarehouseSession, name: TableName): Promise<boolean> {
  return (await readTable(session, name)) !== undefined;
}

/** The partitions of a table, by name. */
export async function partitionsOf(session: WarehouseSession, parent: TableName): Promise<TableName[]> {
  return session.query<{ schema: string; name: string }>(
    sql`SELECT cn.nspname AS schema, c.relname AS name
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
     WHERE pn.nspname = $1 AND p.relname = $2 ORDER BY c.relname`,
    [parent.schema, parent.name],
  );
}

import { LakeError } from '../errors.js';
import type { JsonObject, RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/** A lake table as the ledger knows it. `shape`, `names`, `types` and `made` are read and written by shape/ alone. */
export interface LakeTable {
  readonly id: bigint;
  readonly domain: string;
  readonly kind: RecordKind;
  readonly type: string;
  readonly databaseName: string;
  readonly tableName: string;
  /** Relative to HQ_DATA_PATH. */
  readonly path: string;
  readonly shape: JsonObject;
  readonly names: JsonObject;
  readonly types: JsonObject;
  readonly made: JsonObject;
  /** What a submitted rewrite makes of shape, names and types; null when none is under way. */
  readonly raised: RaisedShape | null;
  /** The limit of columns it stands at, with the first paths turned away; null: what comes gets a column. */
  readonly overflow: TableOverflow | null;
  /** Where the metastore was last told that the table is. */
  readonly registeredUrl: string | null;
  readonly state: 'running' | 'halted';
}

interface TableRow {
  [column: string]: unknown;
  id: bigint;
  domain: string;
  kind: RecordKind;
  type: string;
  database_name: string;
  table_name: string;
  path: string;
  shape: JsonObject;
  names: JsonObject;
  types: JsonObject;
  made: JsonObject;
  raised: RaisedShape | null;
  overflow: TableOverflow | null;
  registered_url: string | null;
  state: LakeTable['state'];
}

const COLUMNS =
  'id, domain, kind, type, database_name, table_name, path, shape, names, types, made, raised, overflow, registered_url, state';

export interface RaisedShape {
  readonly shape: JsonObject;
  readonly names: JsonObject;
  readonly types: JsonObject;
  readonly made: JsonObject;
}

/** Paths that a table at its limit has no column for (shape/at-limit.ts). */
export interface TableOverflow {
  readonly limit: number;
  /** The first of them. */
  readonly names: readonly string[];
}

/** How names are given; plan/table-names.ts holds the rules, passed in so that the ledger stays free of them. */
export interface TableNaming {
  path(domain: string, kind: RecordKind, type: string): string;
  database(domain: string, taken: (name: string) => boolean): string;
  table(
    kind: RecordKind,
    type: string,
    friendly: string | undefined,
    taken: (name: string) => boolean,
  ): string;
}

/** Finds the table of a type or gives it its names; called in sequence order, so names are stable. */
export async function ensureTable(
  tx: Queryable,
  key: { domain: string; kind: RecordKind; type: string; friendly: string | undefined },
  naming: TableNaming,
): Promise<LakeTable> {
  // Topics stage independently, and their tables share databases: one namer at a time keeps names unique.
  const find = (): Promise<TableRow[]> =>
    tx.query<TableRow>(`SELECT ${COLUMNS} FROM lake_table WHERE domain = $1 AND kind = $2 AND type = $3`, [
      key.domain,
      key.kind,
      key.type,
    ]);
  const [known] = await find();
  if (known !== undefined) return tableOf(known);
  await tx.query('LOCK TABLE lake_table IN SHARE ROW EXCLUSIVE MODE');
  const [meanwhile] = await find();
  if (meanwhile !== undefined) return tableOf(meanwhile);
  const names = await tx.query<{ domain: string; database_name: string; table_name: string }>(
    'SELECT domain, database_name, lower(table_name) AS table_name FROM lake_table',
  );
  const own = names.find((row) => row.domain === key.domain)?.database_name;
  const others = new Set(names.map((row) => row.database_name.toLowerCase()));
  const database = own ?? naming.database(key.domain, (name) => others.has(name));
  const tables = new Set(names.filter((row) => row.database_name === database).map((row) => row.table_name));
  const [row] = await tx.query<TableRow>(
    `INSERT INTO lake_table (domain, kind, type, database_name, table_name, path) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING ${COLUMNS}`,
    [
      key.domain,
      key.kind,
      key.type,
      database,
      naming.table(key.kind, key.type, key.friendly, (name) => tables.has(name)),
      naming.path(key.domain, key.kind, key.type),
    ],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The table was not inserted');
  return tableOf(row);
}

export async function readTables(
  database: Queryable,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, LakeTable>> {
  const rows = await database.query<TableRow>(
    `SELECT ${COLUMNS} FROM lake_table WHERE id = ANY($1::bigint[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, tableOf(row)]));
}

export async function allTables(database: Queryable): Promise<LakeTable[]> {
  const rows = await database.query<TableRow>(
    `SELECT ${COLUMNS} FROM lake_table ORDER BY database_name, lower(table_name)`,
  );
  return rows.map(tableOf);
}

/** What a merged lane has made of its table. */
export interface MergedTable {
  readonly shape: JsonObject;
  readonly names: JsonObject;
  readonly types: JsonObject;
  readonly made: JsonObject;
  readonly overflow: TableOverflow | null;
  readonly registeredUrl: string;
}

export async function tableMerged(tx: Queryable, tableId: bigint, merged: MergedTable): Promise<void> {
  await tx.query(
    `UPDATE lake_table SET shape = $2, names = $3, types = $4, made = $5, registered_url = $6, overflow = $7, raised = NULL
     WHERE id = $1`,
    [
      tableId,
      JSON.stringify(merged.shape),
      JSON.stringify(merged.names),
      JSON.stringify(merged.types),
      JSON.stringify(merged.made),
      merged.registeredUrl,
      merged.overflow === null ? null : JSON.stringify(merged.overflow),
    ],
  );
}

/** Intent before action: what a rewrite that is about to be submitted makes of the table. */
export async function tableRaised(database: Queryable, tableId: bigint, raised: RaisedShape): Promise<void> {
  const { shape, names, types, made } = raised;
  await database.query('UPDATE lake_table SET raised = $2 WHERE id = $1', [
    tableId,
    JSON.stringify({ shape, names, types, made }),
  ]);
}

/** The Delta log shows that the rewrite stands: the ledger goes on from it. */
export async function raisedStands(database: Queryable, tableId: bigint): Promise<void> {
  await database.query(
    `UPDATE lake_table SET shape = raised->'shape', names = raised->'names', types = raised->'types', made = raised->'made', raised = NULL
     WHERE id = $1 AND raised IS NOT NULL`,
    [tableId],
  );
}

export async function haltTable(tx: Queryable, tableId: bigint, reason: string): Promise<void> {
  await tx.query("UPDATE lake_table SET state = 'halted', reason = $2 WHERE id = $1", [tableId, reason]);
}

function tableOf(row: TableRow): LakeTable {
  return {
    id: row.id,
    domain: row.domain,
    kind: row.kind,
    type: row.type,
    databaseName: row.database_name,
    tableName: row.table_name,
    path: row.path,
    shape: row.shape,
    names: row.names,
    types: row.types,
    made: row.made,
    raised: row.raised,
    overflow: row.overflow,
    registeredUrl: row.registered_url,
    state: row.state,
  };
}

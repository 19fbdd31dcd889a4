import type { FreshLake } from './fresh-lake.js';
import { deltaName, idList } from './spark-sql.js';

/** Damage of every kind, done to the lake and to HQ without a message, and what a reconcile has to say of it. */

/** `<fault> <table> <id>`. */
export type Expected = Set<string>;

export interface DamagedTable {
  /** As reconcile prints it. */
  readonly name: string;
  /** `<topic>/<type>` */
  readonly path: string;
}

/** Statements for Spark that damage a table's rows; the ids are of rows that stand there. */
export function damageLake(
  lake: FreshLake,
  { name, path }: DamagedTable,
  ids: {
    readonly gone: readonly string[];
    readonly older: readonly string[];
    readonly copied: readonly string[];
  },
  expected: Expected,
): string[] {
  const table = deltaName(lake, path);
  for (const id of ids.gone) expected.add(`missing ${name} ${id}`);
  for (const id of ids.older) expected.add(`stale ${name} ${id}`);
  for (const id of ids.copied) expected.add(`ghost ${name} ghost-${id}`);
  return [
    ...(ids.gone.length === 0 ? [] : [`DELETE FROM ${table} WHERE _id IN (${idList(ids.gone)})`]),
    ...(ids.older.length === 0
      ? []
      : [`UPDATE ${table} SET _rev = _rev - INTERVAL 1 DAY WHERE _id IN (${idList(ids.older)})`]),
    ...(ids.copied.length === 0
      ? []
      : [
          `INSERT INTO ${table} BY NAME SELECT concat('ghost-', _id) AS _id, * EXCEPT (_id) FROM ${table} WHERE _id IN (${idList(ids.copied)})`,
        ]),
  ];
}

type Table = 'form_processor_xforminstancesql' | 'form_processor_commcarecasesql';
const ID: Readonly<Record<Table, string>> = {
  form_processor_xforminstancesql: 'form_id',
  form_processor_commcarecasesql: 'case_id',
};

/** Changes HQ's rows without a message. @param set the part behind SET */
export async function changeUnheard(
  lake: FreshLake,
  table: Table,
  ids: readonly string[],
  set: string,
): Promise<void> {
  let changed = 0;
  for (const pool of lake.hq.context.databases.shards) {
    const { rowCount } = await pool.query(
      `UPDATE ${table} SET ${set} WHERE ${ID[table]} = ANY($1::varchar[])`,
      [ids],
    );
    changed += rowCount ?? 0;
  }
  if (changed !== ids.length) throw new Error(`${changed} of ${ids.length} rows of ${table} changed`);
}

/** HQ's rows go without a message or a tombstone. */
export async function removeUnheard(lake: FreshLake, ids: readonly string[]): Promise<void> {
  for (const pool of lake.hq.context.databases.shards) {
    for (const table of ['caseindexsql', 'casetransaction', 'commcarecasesql'])
      await pool.query(
        `DELETE FROM form_processor_${table === 'caseindexsql' ? 'commcarecaseindexsql' : table} WHERE case_id = ANY($1::varchar[])`,
        [ids],
      );
  }
}

/** A case of HQ's once more under another id, with this revision, without a message. */
export async function copyUnheard(
  lake: FreshLake,
  from: string,
  copies: readonly { readonly id: string; readonly revision: string }[],
): Promise<void> {
  const { databases } = lake.hq.context;
  const found = await Promise.all(
    databases.shards.map((pool) =>
      pool.query<{ row: Record<string, unknown> }>(
        'SELECT to_jsonb(c) AS row FROM form_processor_commcarecasesql c WHERE case_id = $1',
        [from],
      ),
    ),
  );
  const [original] = found.flatMap(({ rows }) => rows);
  if (original === undefined) throw new Error(`HQ has no case ${from}`);
  for (const { id, revision } of copies) {
    const row = { ...original.row, case_id: id, external_id: null, server_modified_on: revision };
    await databases.pool(databases.shardOf(id)).query(
      `INSERT INTO form_processor_commcarecasesql
       SELECT (jsonb_populate_record(NULL::form_processor_commcarecasesql,
         $1::jsonb || jsonb_build_object('id', nextval('form_processor_commcarecasesql_id_seq')))).*`,
      [JSON.stringify(row)],
    );
  }
}

/** Ids as hostile as HQ's columns let them be, and revisions at the edges of days and years. */
export const ODD_COPIES = [
  { id: 'Ünïcode-🦠', revision: '2023-12-31T23:59:59.999999Z' },
  { id: 'it\'s "quoted" \\ | -- ${x} /*', revision: '2024-01-01T00:00:00.000000Z' },
  { id: ' blank ', revision: '1999-12-31T23:59:59.000001Z' },
  { id: 'tab\tnewline\n;\n', revision: '2024-02-29T12:00:00.123456Z' },
  { id: '%_`{}[]', revision: '1969-12-31T23:59:59.999999Z' },
] as const;

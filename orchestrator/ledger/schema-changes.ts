import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** A change of a table's columns and what caused it (migrations/0005_types.sql). */
export interface RecordedChange {
  readonly column: string;
  readonly change: 'added' | 'list' | 'type' | 'renamed' | 'derived' | 'dropped' | 'limit';
  readonly from: string | null;
  readonly to: string | null;
  readonly recordId: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  /** Old values could not be turned into the new type exactly: the rows are read from HQ again. */
  readonly reread: boolean;
}

/** A change as it is told: when, by which batch, in which version of the table. */
export interface SchemaEvent extends RecordedChange {
  readonly at: Date;
  readonly batchId: bigint;
  readonly deltaVersion: bigint;
}

export async function addSchemaChanges(
  tx: Queryable,
  where: { readonly tableId: bigint; readonly batchId: bigint; readonly deltaVersion: bigint },
  changes: readonly RecordedChange[],
): Promise<void> {
  const column = <Key extends keyof RecordedChange>(key: Key): RecordedChange[Key][] =>
    changes.map((change) => change[key]);
  if (changes.length === 0) return;
  await tx.query(
    `INSERT INTO schema_change (table_id, batch_id, delta_version, column_name, change, from_type, to_type,
                                record_id, partition, message_offset, reread)
     SELECT $1, $2, $3, * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::bigint[],
       $11::boolean[])`,
    [
      where.tableId,
      where.batchId,
      where.deltaVersion,
      column('column'),
      column('change'),
      column('from'),
      column('to'),
      column('recordId'),
      column('partition'),
      column('offset'),
      column('reread'),
    ],
  );
}

/** The newest changes of a table first. */
export async function readSchemaChanges(
  database: Queryable,
  tableId: bigint,
  limit: number,
): Promise<SchemaEvent[]> {
  return database.query<SchemaEvent & Record<string, unknown>>(
    `SELECT column_name AS column, change, from_type AS from, to_type AS to, record_id AS "recordId", partition,
            message_offset::text AS offset, reread, at, batch_id AS "batchId", delta_version AS "deltaVersion"
     FROM schema_change WHERE table_id = $1 ORDER BY id DESC LIMIT $2`,
    [tableId, limit],
  );
}

/** A change with its place in the list. */
export type NumberedChange = Omit<SchemaEvent, 'at'> & { readonly id: bigint; readonly at: string };

/** The newest changes of a table first, older than `before`. Times are ISO 8601 in UTC. */
export async function schemaPage(
  database: Queryable,
  tableId: bigint,
  before: bigint | undefined,
  limit: number,
): Promise<NumberedChange[]> {
  return database.query<NumberedChange & Record<string, unknown>>(
    `SELECT id, column_name AS column, change, from_type AS from, to_type AS to, record_id AS "recordId", partition,
            message_offset::text AS offset, reread, ${iso('at')} AS at, batch_id AS "batchId",
            delta_version AS "deltaVersion"
     FROM schema_change WHERE table_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [tableId, before ?? null, limit],
  );
}

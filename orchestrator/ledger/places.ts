import type { RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/**
 * `record_place`: the tables a record stands in or may stand in. It finds the table of a delete that carries no
 * subtype and of a changed case type. A row is added when the record is staged and removed when its delete has
 * committed, so it is always a superset of the truth: a needless delete is harmless, a missing one leaves a ghost.
 */
export interface Place {
  readonly recordId: string;
  readonly tableId: bigint;
  /** Newest revision staged of it there (ISO UTC, six digits); null when not known or a delete was staged since. */
  readonly rev: string | null;
}

export async function placesOf(
  database: Queryable,
  kind: RecordKind,
  domain: string,
  recordIds: readonly string[],
): Promise<Place[]> {
  const rows = await database.query<{ record_id: string; table_id: bigint; rev: string | null }>(
    `SELECT record_id, table_id, to_char(rev AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS rev
     FROM record_place WHERE kind = $1 AND domain = $2 AND record_id = ANY($3::text[])`,
    [kind, domain, recordIds],
  );
  return rows.map((row) => ({ recordId: row.record_id, tableId: row.table_id, rev: row.rev }));
}

export interface StagedPlace extends Place {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly op: 'upsert' | 'delete';
  readonly month: string | null;
}

/** Months of the records staged for a table: all each of them ever had there; null: a record without a month. */
export interface TouchedMonths {
  readonly tableId: bigint;
  readonly months: readonly (string | null)[];
  /** How many of the upserts are of records that were not known to stand in the table, or to come there. */
  readonly newRecords: number;
}

/**
 * Records what a batch has staged, in the staging transaction; `sequence` orders it against other batches.
 * @returns per table the months that may change, and how many records are new there
 */
export async function stagePlaces(
  tx: Queryable,
  sequence: bigint,
  places: readonly StagedPlace[],
): Promise<TouchedMonths[]> {
  return tx.query<TouchedMonths & Record<string, unknown>>(
    `WITH placed AS (
     INSERT INTO record_place AS known (kind, domain, record_id, table_id, months, sequence, deleted_by, rev)
     SELECT kind, domain, record_id, table_id, CASE WHEN op = 'upsert' THEN ARRAY[month] ELSE '{}'::date[] END, $1::bigint,
            CASE WHEN op = 'delete' THEN $1::bigint END, rev
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::timestamptz[])
       AS staged(kind, domain, record_id, table_id, op, month, rev)
     ON CONFLICT (kind, domain, record_id, table_id) DO UPDATE SET
       months = (SELECT coalesce(array_agg(DISTINCT month), '{}') FROM unnest(known.months || excluded.months) AS month),
       sequence = excluded.sequence, deleted_by = excluded.deleted_by,
       rev = CASE WHEN excluded.deleted_by IS NULL THEN greatest(known.rev, excluded.rev) END
     RETURNING table_id, months, xmax = 0 AS is_new)
     SELECT table_id AS "tableId", array_agg(DISTINCT month)::text[] AS months,
            (count(*) FILTER (WHERE is_new))::int AS "newRecords"
     FROM placed CROSS JOIN unnest(placed.months) AS month GROUP BY table_id`,
    [
      sequence,
      places.map((place) => place.kind),
      places.map((place) => place.domain),
      places.map((place) => place.recordId),
      places.map((place) => place.tableId),
      places.map((place) => place.op),
      places.map((place) => place.month),
      places.map((place) => place.rev),
    ],
  );
}

/** Forgets the places whose delete has committed, unless a later batch staged the record again. */
export async function forgetDeleted(tx: Queryable, tableId: bigint, sequence: bigint): Promise<void> {
  await tx.query('DELETE FROM record_place WHERE table_id = $1 AND deleted_by = $2', [tableId, sequence]);
}

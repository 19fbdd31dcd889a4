import type { RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/** A record that could not be read: set aside, nothing of it is in the lake (or an older version still is). */
export interface SetAside {
  readonly id: bigint;
  readonly kind: RecordKind;
  readonly domain: string;
  readonly recordId: string;
  readonly type: string | null;
  readonly reason: string;
  /** Where the document stands in HQ. */
  readonly place: string;
  readonly partition: number | null;
  readonly offset: string | null;
  /** ISO, UTC. */
  readonly since: string;
}

export interface QuarantineFilter {
  readonly kind?: RecordKind;
  readonly domain?: string;
  /** Record ids; empty: any. */
  readonly records?: readonly string[];
}

const SINCE = `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Open entries, oldest first. @param after id to go on behind; @param limit entries at most */
export async function openQuarantine(
  database: Queryable,
  filter: QuarantineFilter,
  limit: number,
  after = 0n,
): Promise<SetAside[]> {
  return database.query(
    `SELECT id, kind, domain, record_id AS "recordId", type, reason, place, partition,
            message_offset::text AS "offset", ${SINCE} AS since
     FROM quarantine WHERE state = 'open' AND id > $5
       AND ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR domain = $2)
       AND (cardinality($3::text[]) = 0 OR record_id = ANY($3))
     ORDER BY id LIMIT $4`,
    [filter.kind ?? null, filter.domain ?? null, filter.records ?? [], limit, after],
  );
}

export async function countQuarantine(database: Queryable, filter: QuarantineFilter): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM quarantine WHERE state = 'open'
       AND ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR domain = $2)
       AND (cardinality($3::text[]) = 0 OR record_id = ANY($3))`,
    [filter.kind ?? null, filter.domain ?? null, filter.records ?? []],
  );
  return row?.count ?? 0;
}

/** A message that is no change of HQ's: nothing can be done with it but look at it in Kafka. */
export interface OddMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
}

/** The newest ones first. */
export async function oddMessages(
  database: Queryable,
  topic: string | undefined,
  limit: number,
): Promise<OddMessage[]> {
  return database.query(
    `SELECT topic, partition, message_offset::text AS "offset", reason FROM odd_message
     WHERE $1::text IS NULL OR topic = $1 ORDER BY batch_id DESC, partition, message_offset LIMIT $2`,
    [topic ?? null, limit],
  );
}

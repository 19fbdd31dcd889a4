import type { RecordKind } from '../types.js';
import type { Queryable } from './database.js';
import { iso } from './moment.js';

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
  /** Entries; absent: any. */
  readonly ids?: readonly bigint[];
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
       AND (cardinality($3::text[]) = 0 OR record_id = ANY($3)) AND ($6::bigint[] IS NULL OR id = ANY($6))
     ORDER BY id LIMIT $4`,
    [filter.kind ?? null, filter.domain ?? null, filter.records ?? [], limit, after, filter.ids ?? null],
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

/** An entry with its batch and state, replayed ones too. Times are ISO 8601 in UTC. */
export interface QuarantineEntry extends Omit<SetAside, 'since'> {
  readonly topic: string;
  readonly batchId: bigint;
  readonly at: string;
  readonly state: 'open' | 'replayed';
}

export interface EntryFilter {
  readonly id?: bigint | undefined;
  readonly topic?: string | undefined;
  readonly domain?: string | undefined;
  readonly reason?: string | undefined;
  readonly batch?: bigint | undefined;
  /** Only entries older than this one. */
  readonly before?: bigint | undefined;
}

/** The newest entries first: the open ones, or of a batch or by id all of them. */
export async function quarantineEntries(
  database: Queryable,
  filter: EntryFilter,
  limit: number,
): Promise<QuarantineEntry[]> {
  return database.query(
    `SELECT q.id, q.kind, q.domain, q.record_id AS "recordId", q.type, q.reason, q.place, q.partition,
            q.message_offset::text AS "offset", b.topic, q.batch_id AS "batchId", ${iso('q.created_at')} AS at, q.state
     FROM quarantine q JOIN batch b ON b.id = q.batch_id
     WHERE ($1::bigint IS NULL OR q.id = $1) AND ($2::text IS NULL OR b.topic = $2) AND ($3::text IS NULL OR q.domain = $3)
       AND ($4::text IS NULL OR regexp_replace(q.reason, '[0-9]+', '#', 'g') = regexp_replace($4, '[0-9]+', '#', 'g')) AND ($5::bigint IS NULL OR q.batch_id = $5)
       AND ($6::bigint IS NULL OR q.id < $6) AND (q.state = 'open' OR $1 IS NOT NULL OR $5 IS NOT NULL)
     ORDER BY q.id DESC LIMIT $7`,
    [
      filter.id ?? null,
      filter.topic ?? null,
      filter.domain ?? null,
      filter.reason ?? null,
      filter.batch ?? null,
      filter.before ?? null,
      limit,
    ],
  );
}

/** Open entries that have a reason in common; places in the document (line, column) do not make reasons differ. */
export interface QuarantineGroup {
  readonly reason: string;
  readonly topic: string;
  readonly domain: string;
  readonly count: number;
  readonly newestAt: string;
}

/** The largest groups first. */
export async function quarantineGroups(database: Queryable, limit: number): Promise<QuarantineGroup[]> {
  return database.query(
    `SELECT regexp_replace(q.reason, '[0-9]+', '#', 'g') AS reason,
            CASE q.kind WHEN 'form' THEN 'form-sql' WHEN 'case' THEN 'case-sql' ELSE q.kind END AS topic, q.domain,
            count(*)::int AS count, ${iso('max(q.created_at)')} AS "newestAt"
     FROM quarantine q WHERE q.state = 'open' GROUP BY 1, 2, 3 ORDER BY count(*) DESC, 2, 3, 1 LIMIT $1`,
    [limit],
  );
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

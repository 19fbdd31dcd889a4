import type { Queryable } from './database.js';

/**
 * What a topic's batches have done since a moment: the result of a command that ran meanwhile, whichever process did
 * the work. The moment is the ledger's clock, so clocks of machines do not matter.
 */
export interface Since {
  readonly topic: string;
  /** ISO 8601. */
  readonly moment: string;
  /** No batch before this one was open then, so older ones need not be looked at. */
  readonly firstBatch: bigint;
}

/** Remembers now. */
export async function sinceNow(database: Queryable, topic: string): Promise<Since> {
  const [row] = await database.query<{ moment: string; first: bigint }>(
    `SELECT now()::text AS moment,
            coalesce(min(id) FILTER (WHERE state <> 'committed'), coalesce(max(id), 0) + 1) AS first
     FROM batch WHERE topic = $1`,
    [topic],
  );
  return { topic, moment: row?.moment ?? '', firstBatch: row?.first ?? 0n };
}

/** One table's part of it. */
export interface TableWork {
  readonly topic: string;
  readonly database: string;
  readonly table: string;
  readonly path: string;
  readonly state: string;
  /** In the table now. */
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Refused because the lake has a newer revision. */
  readonly refused: number;
  readonly seconds: number;
  /** As text: JSON has no bigint. */
  readonly deltaVersion: string;
}

/** Tables that were merged into since, by name. */
export async function tablesMerged(database: Queryable, since: Since): Promise<TableWork[]> {
  return database.query(
    `WITH merged AS (
       SELECT l.table_id, sum(l.inserted)::int AS inserted, sum(l.updated)::int AS updated,
              sum(l.deleted)::int AS deleted, sum(l.refused)::int AS refused, sum(l.seconds)::float8 AS seconds,
              max(l.delta_version)::text AS "deltaVersion"
       FROM lane l JOIN batch b ON b.id = l.batch_id
       WHERE b.topic = $1 AND b.id >= $2 AND l.merged_at >= $3::timestamptz GROUP BY l.table_id)
     SELECT $1 AS topic, t.database_name AS database, t.table_name AS table, t.path, t.state,
            (SELECT coalesce(sum(l.inserted - l.deleted), 0)::int FROM lane l WHERE l.table_id = t.id) AS rows,
            m.inserted, m.updated, m.deleted, m.refused, m.seconds, m."deltaVersion"
     FROM merged m JOIN lake_table t ON t.id = m.table_id ORDER BY 2, lower(t.table_name)`,
    [since.topic, since.firstBatch, since.moment],
  );
}

/** Where the topic's batches stand now, and how much was done since. */
export interface TopicWork {
  readonly planned: number;
  readonly staged: number;
  /** Of the staged ones, those whose lanes a driver has or is to get. */
  readonly merging: number;
  readonly halted: number;
  readonly committed: number;
  /** Messages of the batches committed since. */
  readonly messages: number;
  /** Rows that were inserted, updated or deleted since. */
  readonly rows: number;
  /** Records set aside since. */
  readonly quarantined: number;
  /** Messages set aside since, because they are no HQ change. */
  readonly oddMessages: number;
}

export async function topicWork(database: Queryable, since: Since): Promise<TopicWork> {
  const [row] = await database.query<TopicWork & { [column: string]: unknown }>(
    `WITH recent AS (SELECT * FROM batch WHERE topic = $1 AND id >= $2),
          done AS (SELECT id FROM recent WHERE committed_at >= $3::timestamptz),
          busy AS (SELECT DISTINCT batch_id FROM lane WHERE state = 'submitted' AND batch_id >= $2)
     SELECT count(*) FILTER (WHERE state = 'planned')::int AS planned,
            count(*) FILTER (WHERE state = 'staged' AND id NOT IN (SELECT batch_id FROM busy))::int AS staged,
            count(*) FILTER (WHERE state = 'staged' AND id IN (SELECT batch_id FROM busy))::int AS merging,
            count(*) FILTER (WHERE state = 'halted')::int AS halted,
            (SELECT count(*)::int FROM done) AS committed,
            (SELECT coalesce(sum(until_offset - from_offset), 0)::float8 FROM batch_range
             WHERE batch_id IN (SELECT id FROM done)) AS messages,
            (SELECT coalesce(sum(inserted + updated + deleted), 0)::float8 FROM lane
             WHERE batch_id IN (SELECT id FROM recent) AND merged_at >= $3::timestamptz) AS rows,
            (SELECT count(*)::int FROM quarantine
             WHERE batch_id IN (SELECT id FROM recent) AND created_at >= $3::timestamptz) AS quarantined,
            (SELECT count(*)::int FROM odd_message WHERE batch_id IN
               (SELECT id FROM recent WHERE planned_at >= $3::timestamptz)) AS "oddMessages"
     FROM recent`,
    [since.topic, since.firstBatch, since.moment],
  );
  return row ?? NOTHING;
}

const NOTHING: TopicWork = {
  planned: 0,
  staged: 0,
  merging: 0,
  halted: 0,
  committed: 0,
  messages: 0,
  rows: 0,
  quarantined: 0,
  oddMessages: 0,
};

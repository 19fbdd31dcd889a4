import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** How a topic stands, by the ledger alone; Kafka adds what no batch has planned yet. Times are ISO 8601 in UTC. */
export interface TopicFacts {
  readonly name: string;
  readonly state: 'running' | 'paused' | 'halted';
  readonly reason: string | null;
  readonly openBatches: number;
  readonly newestCommitAt: string | null;
  readonly quarantined: number;
  /** Messages committed in the last hour, and for how long of it batches were open. */
  readonly messages: number;
  readonly busySeconds: number;
  /** Age of the oldest batch of messages that is not committed; null: there is none. */
  readonly oldestSeconds: number | null;
  /** The batch that could not be staged and halted the topic. */
  readonly haltedBatch: bigint | null;
  /** Tables that stand still with a batch of the topic waiting for them. */
  readonly haltedTables: number;
}

export async function topicFacts(database: Queryable): Promise<TopicFacts[]> {
  return database.query(
    `SELECT t.name, t.state, t.reason, open.batches AS "openBatches", open.seconds AS "oldestSeconds", open.halted AS "haltedBatch",
       (SELECT ${iso('max(b.committed_at)')} FROM batch b WHERE b.topic = t.name AND b.committed_at IS NOT NULL)
         AS "newestCommitAt",
       (SELECT count(*)::int FROM quarantine q WHERE q.state = 'open'
          AND q.kind = CASE t.name WHEN 'form-sql' THEN 'form' WHEN 'case-sql' THEN 'case' ELSE t.name END) AS quarantined,
       hour.messages, hour.seconds AS "busySeconds",
       (SELECT count(DISTINCT l.table_id)::int FROM lane l JOIN batch b ON b.id = l.batch_id JOIN lake_table x ON x.id = l.table_id
        WHERE l.state <> 'committed' AND b.topic = t.name AND b.state <> 'committed' AND x.state = 'halted') AS "haltedTables"
     FROM topic t
       CROSS JOIN LATERAL (
         SELECT count(*)::int AS batches,
                extract(epoch FROM now() - min(b.planned_at) FILTER (WHERE b.kind = 'live'))::float8 AS seconds,
                min(b.id) FILTER (WHERE b.state = 'halted') AS halted
         FROM batch b WHERE b.topic = t.name AND b.state <> 'committed') AS open
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(r.until_offset - r.from_offset), 0)::float8 AS messages,
                coalesce((SELECT sum(extract(epoch FROM upper(busy) - lower(busy)))
                          FROM unnest(range_agg(tstzrange(greatest(b.planned_at, now() - interval '1 hour'),
                                                          greatest(b.committed_at, b.planned_at)))) AS busy), 0)::float8
                  AS seconds
         FROM batch b JOIN batch_range r ON r.batch_id = b.id
         WHERE b.topic = t.name AND b.committed_at > now() - interval '1 hour') AS hour
     ORDER BY t.name`,
  );
}

export interface Throughput {
  readonly at: string;
  readonly messages: number;
  readonly rows: number;
  /** Of the minute's batches the longest time from planning to commit. */
  readonly seconds: number | null;
}

/** What was committed, per minute; minutes without a commit are left out. */
export async function topicThroughput(
  database: Queryable,
  topic: string,
  hours: number,
  limit: number,
): Promise<Throughput[]> {
  return database.query(
    `SELECT ${iso('minute')} AS at, sum(messages)::float8 AS messages, sum(rows)::float8 AS rows, max(seconds) AS seconds
     FROM (
       SELECT date_trunc('minute', b.committed_at) AS minute,
              (SELECT coalesce(sum(r.until_offset - r.from_offset), 0) FROM batch_range r WHERE r.batch_id = b.id) AS messages,
              (SELECT coalesce(sum(l.inserted + l.updated + l.deleted), 0) FROM lane l WHERE l.batch_id = b.id) AS rows,
              extract(epoch FROM b.committed_at - b.planned_at)::float8 AS seconds
       FROM batch b WHERE b.topic = $1 AND b.committed_at > now() - make_interval(hours => $2)) AS batches
     GROUP BY minute ORDER BY minute DESC LIMIT $3`,
    [topic, hours, limit],
  );
}

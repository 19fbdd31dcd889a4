import { LakeError } from '../errors.js';
import type { OffsetRange } from '../types.js';
import type { PruneRequest } from './batches.js';
import type { LedgerDatabase, Queryable } from './database.js';
import { requireLease, type Lease } from './leases.js';

/** Where a topic stands: its state and the first offset per partition that no batch has planned. */
export interface TopicState {
  readonly name: string;
  readonly state: 'running' | 'paused' | 'halted';
  readonly reason: string | null;
  readonly plannedUntil: ReadonlyMap<number, bigint>;
}

/** Ids to look at again, as they stand in a manifest file. */
export interface PlannedIds {
  readonly topic: string;
  readonly manifestPath: string;
  readonly manifestSha256: string;
  readonly ids: number;
}

/** A batch of messages as it is planned: ranges of offsets and the ids they name. */
export interface NewBatch extends PlannedIds {
  readonly configVersionId: bigint;
  readonly ranges: readonly OffsetRange[];
  readonly newestPublishTimestamp: string | null;
  readonly oddMessages: readonly { partition: number; offset: string; reason: string }[];
}

/** A batch that no message asked for (migrations/0003_pages.sql, 0005_types.sql, 0006_location_types.sql). */
export interface NewPage extends PlannedIds {
  readonly kind: 'replay' | 'reread' | 'retype' | 'prune' | 'reprocess' | 'migration' | 'fan-out';
  readonly prune?: PruneRequest;
  /** What it is a page of (migrations/0010_reprocess.sql). */
  readonly requestId?: bigint;
}

export async function ensureTopic(database: LedgerDatabase, topic: string): Promise<void> {
  await database.query('INSERT INTO topic (name) VALUES ($1) ON CONFLICT DO NOTHING', [topic]);
}

export async function readTopic(database: Queryable, topic: string): Promise<TopicState> {
  const [row] = await database.query<{ state: TopicState['state']; reason: string | null }>(
    'SELECT state, reason FROM topic WHERE name = $1',
    [topic],
  );
  if (row === undefined) throw new LakeError('INTERNAL', `Topic ${topic} is not in the ledger`);
  const partitions = await database.query<{ partition: number; planned_until: bigint }>(
    'SELECT partition, planned_until FROM topic_partition WHERE topic = $1',
    [topic],
  );
  return {
    name: topic,
    state: row.state,
    reason: row.reason,
    plannedUntil: new Map(partitions.map((each) => [each.partition, each.planned_until])),
  };
}

/**
 * The planning transaction: draws the topic's next sequence, writes the batch and moves the planned offsets, or does
 * nothing. Everything that writes a topic's tables is planned here, so there is one order of all writes per topic.
 * @throws LakeError LEASE_LOST when the poller's lease went to another, or the offsets were planned meanwhile
 */
export async function planBatch(database: LedgerDatabase, lease: Lease, batch: NewBatch): Promise<bigint> {
  return database.transaction(async (tx) => {
    const { sequence, state } = await drawSequence(tx, batch.topic);
    if (state !== 'running')
      throw new LakeError('LEASE_LOST', `Topic ${batch.topic} is not running any more`);
    await requireLease(tx, lease);
    await requireActiveConfig(tx, batch.configVersionId);
    const id = await insertBatch(tx, { ...batch, kind: 'live', sequence });
    for (const range of batch.ranges) await planRange(tx, id, batch.topic, range);
    for (const odd of batch.oddMessages) {
      await tx.query(
        'INSERT INTO odd_message (topic, partition, message_offset, batch_id, reason) VALUES ($1, $2, $3, $4, $5)',
        [batch.topic, odd.partition, odd.offset, id, odd.reason],
      );
    }
    return id;
  });
}

/**
 * Plans a page in the caller's transaction, under the active configuration. HQ is read only afterwards; what is read
 * has to be as new as this very moment, as if a message had just been published for each id: a standby that shows an
 * older state could bring back what a batch before this one has deleted.
 */
export async function planPage(tx: Queryable, page: NewPage): Promise<bigint> {
  const { sequence } = await drawSequence(tx, page.topic);
  const [active] = await tx.query<{ id: bigint; now: string }>(
    `SELECT id, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now
     FROM config_version WHERE active FOR SHARE`,
  );
  if (active === undefined)
    throw new LakeError('CONFIG_NOT_ACTIVE', 'The ledger has no active configuration');
  return insertBatch(tx, {
    ...page,
    sequence,
    configVersionId: active.id,
    newestPublishTimestamp: active.now,
  });
}

/**
 * Takes the topic's row until the transaction ends, as a process that may plan now.
 * @throws LakeError LEASE_LOST when the topic is not running, CONFIG_NOT_ACTIVE
 */
export async function lockTopic(tx: Queryable, topic: string, configVersionId: bigint): Promise<void> {
  const [row] = await tx.query<{ state: TopicState['state'] }>(
    'SELECT state FROM topic WHERE name = $1 FOR UPDATE',
    [topic],
  );
  if (row?.state !== 'running') throw new LakeError('LEASE_LOST', `Topic ${topic} is not running`);
  await requireActiveConfig(tx, configVersionId);
}

/** Takes topics before anything else, in one order, as every planner takes its topic before the configuration. */
export async function lockTopics(tx: Queryable, topics: readonly string[]): Promise<void> {
  await tx.query('SELECT 1 FROM topic WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE', [topics]);
}

async function drawSequence(
  tx: Queryable,
  topic: string,
): Promise<{ sequence: bigint; state: TopicState['state'] }> {
  const [row] = await tx.query<{ next_sequence: bigint; state: TopicState['state'] }>(
    'UPDATE topic SET next_sequence = next_sequence + 1 WHERE name = $1 RETURNING next_sequence, state',
    [topic],
  );
  if (row === undefined) throw new LakeError('INTERNAL', `Topic ${topic} is not in the ledger`);
  return { sequence: row.next_sequence - 1n, state: row.state };
}

async function insertBatch(
  tx: Queryable,
  batch: PlannedIds & {
    readonly kind: 'live' | NewPage['kind'];
    readonly sequence: bigint;
    readonly configVersionId: bigint;
    readonly newestPublishTimestamp: string | null;
    readonly prune?: PruneRequest;
    readonly requestId?: bigint;
  },
): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(
    `INSERT INTO batch (topic, sequence, kind, config_version_id, manifest_path, manifest_sha256, ids,
                        newest_publish_timestamp, prune, reprocess_request_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
    [
      batch.topic,
      batch.sequence,
      batch.kind,
      batch.configVersionId,
      batch.manifestPath,
      batch.manifestSha256,
      batch.ids,
      batch.newestPublishTimestamp,
      batch.prune === undefined ? null : JSON.stringify(batch.prune),
      batch.requestId ?? null,
    ],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The batch was not inserted');
  return row.id;
}

/** One configuration at a time: a process with another lake.yaml than the active one may not plan. */
async function requireActiveConfig(tx: Queryable, configVersionId: bigint): Promise<void> {
  const rows = await tx.query('SELECT 1 FROM config_version WHERE id = $1 AND active FOR SHARE', [
    configVersionId,
  ]);
  if (rows.length > 0) return;
  throw new LakeError('CONFIG_NOT_ACTIVE', 'Another lake.yaml was made active while this process ran', {
    mend: 'Start this process again with the active lake.yaml, or apply its own by `dimagi-lake config apply`.',
  });
}

async function planRange(tx: Queryable, batchId: bigint, topic: string, range: OffsetRange): Promise<void> {
  const moved = await tx.query(
    `INSERT INTO topic_partition AS known (topic, partition, planned_until) VALUES ($1, $2, $4)
     ON CONFLICT (topic, partition) DO UPDATE SET planned_until = excluded.planned_until
       WHERE known.planned_until = $3
     RETURNING 1`,
    [topic, range.partition, range.from, range.until],
  );
  if (moved.length === 0) {
    throw new LakeError(
      'LEASE_LOST',
      `Offsets of ${topic}/${range.partition} were planned by another process`,
    );
  }
  await tx.query(
    'INSERT INTO batch_range (batch_id, partition, from_offset, until_offset) VALUES ($1, $2, $3, $4)',
    [batchId, range.partition, range.from, range.until],
  );
}

export async function haltTopic(database: Queryable, topic: string, reason: string): Promise<void> {
  await database.query("UPDATE topic SET state = 'halted', reason = $2 WHERE name = $1", [topic, reason]);
}

/** Offsets up to which everything is committed, per partition: what lag tools may see. */
export async function committedOffsets(database: Queryable, topic: string): Promise<Map<number, bigint>> {
  const rows = await database.query<{ partition: number; committed_until: bigint }>(
    `SELECT p.partition, coalesce(min(r.from_offset), p.planned_until) AS committed_until
     FROM topic_partition p
     LEFT JOIN (batch_range r JOIN batch b ON b.id = r.batch_id AND b.state <> 'committed')
       ON b.topic = p.topic AND r.partition = p.partition
     WHERE p.topic = $1 GROUP BY p.partition, p.planned_until`,
    [topic],
  );
  return new Map(rows.map((row) => [row.partition, row.committed_until]));
}

import { LakeError } from '../errors.js';
import type { RecordKind } from '../types.js';
import type { Batch } from './batches.js';
import type { Queryable } from './database.js';
import { requireLease, type Lease } from './leases.js';
import { stagePlaces, type StagedPlace } from './places.js';
import { noteStagedMonths } from './source-changes.js';

export interface StagedLane {
  readonly tableId: bigint;
  readonly upserts: number;
  readonly deletes: number;
}

export interface QuarantinedRecord {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly recordId: string;
  readonly type: string | null;
  readonly reason: string;
  readonly place: string;
  /** Null for a location that only a changed ancestor named. */
  readonly partition: number | null;
  readonly offset: string | null;
}

export interface StagedBatch {
  readonly stagingPath: string;
  readonly lanes: readonly StagedLane[];
  /** Delivered in slices: a batch of a million records must not stand in memory twice. */
  readonly places: Iterable<readonly StagedPlace[]>;
  readonly quarantined: readonly QuarantinedRecord[];
  /** All records the batch has looked at: what was set aside of them before is settled by this look. */
  readonly looked: LookedAt;
}

export interface LookedAt {
  readonly kind: RecordKind;
  readonly records: Iterable<readonly { readonly domain: string; readonly id: string }[]>;
}

/**
 * The staging transaction: the files stand already; this makes them the batch's. Lanes, places and quarantine are
 * written with it or not at all.
 * @throws LakeError LEASE_LOST when another process extracted the batch meanwhile
 */
export async function commitStaging(
  tx: Queryable,
  lease: Lease,
  batch: Batch,
  staged: StagedBatch,
): Promise<void> {
  await requireLease(tx, lease);
  const moved = await tx.query(
    `UPDATE batch SET state = 'staged', staging_path = $2, staged_at = now(), attempts = 0, failure_class = NULL,
       failure = NULL WHERE id = $1 AND state = 'planned' AND extraction = $3 RETURNING 1`,
    [batch.id, staged.stagingPath, batch.extraction],
  );
  if (moved.length === 0)
    throw new LakeError('LEASE_LOST', `Batch ${batch.id} was staged by another process`);
  for (const lane of staged.lanes) {
    // A lane that merged before its batch had to be extracted again keeps what it merged.
    await tx.query(
      `INSERT INTO lane (batch_id, table_id, state, upserts, deletes) VALUES ($1, $2, 'staged', $3, $4)
       ON CONFLICT (batch_id, table_id) DO NOTHING`,
      [batch.id, lane.tableId, lane.upserts, lane.deletes],
    );
  }
  const months = new Map(staged.lanes.map((lane) => [lane.tableId, new Set<string | null>()]));
  const newRecords = new Map<bigint, number>();
  for (const slice of staged.places) {
    for (const touched of await stagePlaces(tx, batch.sequence, slice)) {
      for (const month of touched.months) months.get(touched.tableId)?.add(month);
      newRecords.set(touched.tableId, (newRecords.get(touched.tableId) ?? 0) + touched.newRecords);
    }
  }
  await noteStagedMonths(tx, batch.id, months);
  await noteNewRows(
    tx,
    batch,
    staged.lanes.filter((lane) => lane.upserts === newRecords.get(lane.tableId)).map((lane) => lane.tableId),
  );
  await closeQuarantine(tx, batch, staged.looked);
  for (const record of staged.quarantined) {
    await tx.query(
      `INSERT INTO quarantine (batch_id, kind, domain, record_id, type, reason, place, partition, message_offset)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (batch_id, kind, domain, record_id) DO UPDATE SET reason = excluded.reason, place = excluded.place,
         state = 'open', replayed_by = NULL`,
      [
        batch.id,
        record.kind,
        record.domain,
        record.recordId,
        record.type,
        record.reason,
        record.place,
        record.partition,
        record.offset,
      ],
    );
  }
}

/**
 * Lanes of nothing but new rows need no search for old ones (decision 0027). What an earlier batch will bring is known
 * only when it is staged: until then nothing of a later one counts as new.
 */
async function noteNewRows(tx: Queryable, batch: Batch, tableIds: readonly bigint[]): Promise<void> {
  await tx.query(
    `UPDATE lane SET all_new = true WHERE batch_id = $1 AND table_id = ANY($2::bigint[]) AND state = 'staged' AND deletes = 0
       AND NOT EXISTS (SELECT 1 FROM batch WHERE topic = $3 AND sequence < $4 AND state = 'planned')`,
    [batch.id, tableIds, batch.topic, batch.sequence],
  );
}

/** A record stands in quarantine once at most: the newest look at it decides, whatever caused it. */
async function closeQuarantine(tx: Queryable, batch: Batch, { kind, records }: LookedAt): Promise<void> {
  const open = await tx.query("SELECT 1 FROM quarantine WHERE state = 'open' AND kind = $1 LIMIT 1", [kind]);
  if (open.length === 0) return;
  for (const slice of records) {
    await tx.query(
      `UPDATE quarantine q SET state = 'replayed', replayed_by = $1 FROM unnest($3::text[], $4::text[]) AS looked(domain, id)
       WHERE q.state = 'open' AND q.kind = $2 AND q.domain = looked.domain AND q.record_id = looked.id`,
      [batch.id, kind, slice.map((record) => record.domain), slice.map((record) => record.id)],
    );
  }
}

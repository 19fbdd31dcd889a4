import assert from 'node:assert/strict';
import { TOPICS, type Topic } from '../../orchestrator/types.js';
import type { FreshLake } from './fresh-lake.js';

interface LaneRow {
  readonly id: string;
  readonly topic: string;
  readonly state: string;
  readonly batch: string;
}

/**
 * The heart of the matter: every batch is committed, each of its lanes has exactly one MERGE in the Delta log, no
 * MERGE belongs to anything else, and each table's transaction numbers only grow.
 */
export async function requireExactlyOnce(lake: FreshLake): Promise<void> {
  const { rows: open } = await lake.ledger.query(
    "SELECT id, topic, state FROM batch WHERE state <> 'committed'",
  );
  assert.deepEqual(open, [], 'every batch is committed');
  const { rows: lanes } = await lake.ledger.query<LaneRow>(
    'SELECT l.id::text AS id, b.topic, l.state, b.id::text AS batch FROM lane l JOIN batch b ON b.id = l.batch_id',
  );
  const merges = new Map<string, number>();
  for (const [table, commits] of lake.commits()) {
    let last = -1;
    for (const commit of commits.filter((each) => each.operation === 'MERGE')) {
      assert.ok(commit.lane !== undefined, `${table} version ${commit.version} names its lane`);
      merges.set(commit.lane, (merges.get(commit.lane) ?? 0) + 1);
    }
    for (const { txn, version } of commits) {
      if (txn === undefined) continue;
      assert.ok(txn > last, `${table}: transaction ${txn} of version ${version} is not above ${last}`);
      last = txn;
    }
  }
  for (const lane of lanes) {
    assert.equal(lane.state, 'committed');
    assert.equal(
      merges.get(lane.id),
      1,
      `lane ${lane.id} of batch ${lane.batch} (${lane.topic}) has one MERGE`,
    );
    merges.delete(lane.id);
  }
  assert.deepEqual([...merges.keys()], [], 'no MERGE without a lane');
}

/** A further run of the topics changes nothing: not one Delta commit. */
export async function requireNothingLeft(lake: FreshLake, topics: readonly Topic[] = TOPICS): Promise<void> {
  const before = lake.deltaVersions();
  await lake.ingestAll(topics);
  assert.deepEqual(lake.deltaVersions(), before, 'a further run adds no commit');
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Batch } from '../../../orchestrator/ledger/batches.js';
import { dueWork } from '../../../orchestrator/ledger/batches.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { haltLane, laneMerged, readLanes, runnableLanes } from '../../../orchestrator/ledger/lanes.js';
import { placesOf, type StagedPlace } from '../../../orchestrator/ledger/places.js';
import { lease, openLedger, table, TopicUnderTest, type FreshLedger } from './fresh-ledger.js';

const FACTS = { deltaVersion: 1n, inserted: 1, updated: 0, deleted: 0, refused: 0, seconds: 1, runId: null };

describe('batches, lanes and places', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  const place = (
    tableId: bigint,
    op: 'upsert' | 'delete',
    month: string | null = null,
    rev: string | null = null,
  ): StagedPlace => ({
    kind: 'case',
    domain: 'demo',
    recordId: `r${tableId}`,
    tableId,
    op,
    month,
    rev,
  });
  const known = async (tableId: bigint): Promise<boolean> =>
    (await placesOf(ledger.database, 'case', 'demo', [`r${tableId}`])).length > 0;
  const stage = async (
    topic: TopicUnderTest,
    tables: bigint[],
    places: StagedPlace[] = [],
  ): Promise<Batch> => {
    const batch = await topic.plan();
    const lanes = tables.map((tableId) => ({ tableId, upserts: 1, deletes: 0 }));
    await topic.stage(batch, { lanes, places: [places] });
    return batch;
  };
  const merge = async (batch: Batch): Promise<boolean> => {
    for (const lane of await readLanes(ledger.database, batch.id)) {
      await ledger.database.transaction((tx) => laneMerged(tx, lane.id, FACTS));
    }
    const held = await lease(ledger.database, `merge:${batch.id}`);
    return ledger.database.transaction((tx) => commitBatch(tx, held, batch));
  };

  test('a place is known from staging on and forgotten when its delete has committed', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'places');
    const own = await table(ledger.database, 'demo', 'a');
    await merge(await stage(topic, [own], [place(own, 'upsert')]));
    const deleting = await stage(topic, [own], [place(own, 'delete')]);
    assert.ok(await known(own), 'a delete that is only staged may still fail');
    await merge(deleting);
    assert.ok(!(await known(own)));
  });

  test('a record that a later batch staged again stays known when the delete commits', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'again');
    const own = await table(ledger.database, 'demo', 'b');
    const deleting = await stage(topic, [own], [place(own, 'delete')]);
    const later = await stage(topic, [own], [place(own, 'upsert')]);
    await merge(deleting);
    assert.ok(await known(own));
    await merge(later);
    assert.ok(await known(own));
  });

  test('the months of a record are all it ever had, none among them', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'months');
    const own = await table(ledger.database, 'demo', 'c');
    for (const month of ['2024-02-01', null, '2024-01-01', '2024-02-01']) {
      await stage(topic, [own], [place(own, 'upsert', month)]);
    }
    const [row] = await ledger.database.query<{ months: string }>(
      "SELECT array_to_string(months, ',', 'none') AS months FROM record_place WHERE table_id = $1",
      [own],
    );
    assert.deepEqual(row?.months.split(',').sort(), ['2024-01-01', '2024-02-01', 'none']);
  });

  test('the newest revision staged is known, until a delete is staged', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'revisions');
    const own = await table(ledger.database, 'demo', 'rev');
    const [old, newest] = ['2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.000002Z'];
    const rev = async (): Promise<string | null | undefined> =>
      (await placesOf(ledger.database, 'case', 'demo', [`r${own}`]))[0]?.rev;
    await stage(topic, [own], [place(own, 'upsert', null, newest)]);
    await stage(topic, [own], [place(own, 'upsert', null, old)]);
    assert.equal(await rev(), newest);
    await stage(topic, [own], [place(own, 'delete')]);
    assert.equal(await rev(), null);
    await stage(topic, [own], [place(own, 'upsert', null, old)]);
    assert.equal(await rev(), old);
  });

  test('rows are new to a table when no batch that may merge before has staged them', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'new rows');
    const [own, other] = [
      await table(ledger.database, 'demo', 'new'),
      await table(ledger.database, 'demo', 'n2'),
    ];
    const areNew = async (batch: Batch): Promise<boolean[]> =>
      (await readLanes(ledger.database, batch.id)).map((lane) => lane.allNew);
    const first = await stage(topic, [own, other], [place(own, 'upsert')]);
    assert.deepEqual(await areNew(first), [true, false], 'the other lane has a row that no place tells of');
    assert.deepEqual(await areNew(await stage(topic, [own], [place(own, 'upsert')])), [false]);
    const deleting = await topic.plan();
    await topic.stage(deleting, {
      lanes: [{ tableId: own, upserts: 0, deletes: 1 }],
      places: [[place(own, 'delete')]],
    });
    assert.deepEqual(await areNew(deleting), [false]);
    assert.deepEqual(
      await areNew(await stage(topic, [own], [place(own, 'upsert')])),
      [false],
      'not gone yet',
    );

    const unstaged = await topic.plan();
    const later = await stage(topic, [other], [place(other, 'upsert')]);
    assert.deepEqual(await areNew(later), [false], 'the batch before it may bring the same record');
    await topic.stage(unstaged, {
      lanes: [{ tableId: other, upserts: 1, deletes: 0 }],
      places: [[place(other, 'upsert')]],
    });
    assert.deepEqual(await areNew(unstaged), [false]);
  });

  test('a table merges in the order of its batches, and waits for those not staged yet', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'order');
    const [one, two] = [await table(ledger.database, 'demo', 'd'), await table(ledger.database, 'demo', 'e')];
    const first = await stage(topic, [one]);
    const second = await stage(topic, [one, two]);
    const unstaged = await topic.plan();
    const third = await stage(topic, [two]);
    const runnable = async (batch: Batch): Promise<bigint[]> => {
      const ids = await runnableLanes(ledger.database, batch.id);
      const lanes = await readLanes(ledger.database, batch.id);
      return lanes.filter((lane) => ids.has(lane.id)).map((lane) => lane.tableId);
    };
    assert.deepEqual(await runnable(first), [one]);
    assert.deepEqual(await runnable(second), [two], 'the table of its own goes ahead');
    assert.deepEqual(await runnable(third), [], 'a batch before it may still bring a lane for the table');
    assert.ok(await merge(first));
    assert.deepEqual(await runnable(second), [one, two]);
    await topic.stage(unstaged);
    assert.ok(await merge(second));
    assert.deepEqual(await runnable(third), [two]);
  });

  test('a halted lane stops its table and no other, and its batch is not committed', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'halting');
    const [bad, good] = [
      await table(ledger.database, 'demo', 'f'),
      await table(ledger.database, 'demo', 'g'),
    ];
    const batch = await stage(topic, [bad, good]);
    const next = await stage(topic, [bad, good]);
    const [lane, other] = await readLanes(ledger.database, batch.id);
    assert.ok(lane !== undefined && other !== undefined);
    await ledger.database.transaction((tx) => haltLane(tx, lane, 'bug', 'a reason'));
    await ledger.database.transaction((tx) => laneMerged(tx, other.id, FACTS));
    const held = await lease(ledger.database, `merge:${batch.id}`);
    assert.equal(await ledger.database.transaction((tx) => commitBatch(tx, held, batch)), false);
    const runnable = await runnableLanes(ledger.database, next.id);
    const lanes = await readLanes(ledger.database, next.id);
    assert.deepEqual(
      lanes.filter((each) => runnable.has(each.id)).map((each) => each.tableId),
      [good],
    );
  });

  test('work is due in order: of each topic the first batch to stage', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'due');
    const first = await topic.plan();
    await topic.plan();
    const due = (await dueWork(ledger.database)).filter((work) => work.stage === 'extract');
    assert.ok(due.some((work) => work.batchId === first.id));
    assert.ok(!due.some((work) => work.batchId === first.id + 1n));
  });

  test('a batch staged by one process can not be staged again by another', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'twice');
    const batch = await topic.plan();
    await topic.stage(batch);
    await assert.rejects(topic.stage({ ...batch }), /held by another|staged by another/);
  });
});

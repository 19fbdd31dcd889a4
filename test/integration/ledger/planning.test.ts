import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { drawnSequences, activateConfig } from '../../../orchestrator/ledger/lake.js';
import { committedOffsets, haltTopic, planBatch, readTopic } from '../../../orchestrator/ledger/planning.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { expire, lease, openLedger, TopicUnderTest, type FreshLedger } from './fresh-ledger.js';

describe('planning', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  test('draws the next sequence and moves the planned offsets, odd messages with it', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'plain');
    const first = await topic.plan();
    const second = await planBatch(ledger.database, topic.lease, {
      ...topic.newBatch({ oddMessages: [{ partition: 1, offset: '7', reason: 'not JSON' }] }),
      ranges: [
        { partition: 0, from: 10n, until: 11n },
        { partition: 1, from: 2n ** 60n, until: 2n ** 60n + 1n },
        { partition: 2, from: 500n, until: 500n },
      ],
    });
    assert.equal(first.sequence, 1n);
    const state = await readTopic(ledger.database, 'plain');
    assert.deepEqual(
      state.plannedUntil,
      new Map([
        [0, 11n],
        [1, 2n ** 60n + 1n],
        [2, 500n],
      ]),
    );
    assert.equal((await drawnSequences(ledger.database)).get('plain'), 2n);
    const odd = await ledger.database.query('SELECT message_offset FROM odd_message WHERE batch_id = $1', [
      second,
    ]);
    assert.deepEqual(odd, [{ message_offset: 7n }]);
  });

  test('of two pollers with one range one plans it, and no sequence is drawn for the other', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'raced');
    await topic.plan();
    const plans = Array.from({ length: 8 }, () => planBatch(ledger.database, topic.lease, topic.newBatch()));
    const outcomes = await Promise.allSettled(plans);
    assert.equal(outcomes.filter((each) => each.status === 'fulfilled').length, 1);
    for (const each of outcomes) {
      if (each.status === 'rejected') assert.equal((each.reason as { code: string }).code, 'LEASE_LOST');
    }
    assert.equal((await drawnSequences(ledger.database)).get('raced'), 2n);
  });

  test('a poller that lost its lease plans nothing, also when it does not know yet', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'stalled');
    await expire(ledger.database, 'poller:stalled');
    await lease(ledger.database, 'poller:stalled', 'another');
    await assert.rejects(topic.plan(), { code: 'LEASE_LOST' });
    assert.equal((await drawnSequences(ledger.database)).get('stalled'), 0n);
    assert.deepEqual((await readTopic(ledger.database, 'stalled')).plannedUntil, new Map());
  });

  test('a range that does not begin where the last one ended is refused', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'gap');
    await topic.plan();
    for (const from of [9n, 11n]) {
      const ranges = [{ partition: 0, from, until: 20n }];
      await assert.rejects(planBatch(ledger.database, topic.lease, topic.newBatch({ ranges })), {
        code: 'LEASE_LOST',
      });
    }
  });

  test('a halted topic plans nothing', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'halted');
    await haltTopic(ledger.database, 'halted', 'lost offsets');
    await assert.rejects(topic.plan(), { code: 'LEASE_LOST' });
    assert.equal((await readTopic(ledger.database, 'halted')).reason, 'lost offsets');
  });

  test('what is committed is told up to the first batch that is not', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'prefix');
    const batches = [await topic.plan(), await topic.plan(), await topic.plan()];
    const [first, second, third] = batches;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    for (const batch of batches) await topic.stage(batch);
    assert.deepEqual(await committedOffsets(ledger.database, 'prefix'), new Map([[0, 0n]]));
    const held = await lease(ledger.database, 'merge:prefix');
    const commit = (batch: typeof first): Promise<boolean> =>
      ledger.database.transaction((tx) => commitBatch(tx, held, batch));
    await commit(second);
    assert.deepEqual(await committedOffsets(ledger.database, 'prefix'), new Map([[0, 0n]]));
    await commit(first);
    assert.deepEqual(await committedOffsets(ledger.database, 'prefix'), new Map([[0, 20n]]));
    await commit(third);
    assert.deepEqual(await committedOffsets(ledger.database, 'prefix'), new Map([[0, 30n]]));
  });

  test('a process whose configuration is not the active one any more plans nothing', async () => {
    const topic = await TopicUnderTest.open(ledger.database, 'config');
    const other = { sha256: 'other', text: 'domains: {other: {}}', hooks: new Map(), hashKeyCheck: null };
    await ledger.database.transaction((tx) => activateConfig(tx, other));
    await assert.rejects(topic.plan(), { code: 'CONFIG_NOT_ACTIVE' });
  });
});

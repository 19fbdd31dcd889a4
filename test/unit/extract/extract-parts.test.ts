import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLegalKey } from '../../../orchestrator/extract/blobs.js';
import { monthOfForm } from '../../../orchestrator/extract/forms.js';
import { chunked, inOrder } from '../../../orchestrator/extract/in-order.js';
import { monthOf } from '../../../orchestrator/extract/month.js';
import { newestOf, provableTime } from '../../../orchestrator/extract/shards.js';
import { showsAllChanges, type StandbyState } from '../../../orchestrator/extract/standby.js';

describe('the month of a record', () => {
  test('is the first day of the month its moment falls in, in the time zone of the domain', () => {
    assert.equal(monthOf('2024-01-31T23:30:00.000000Z', 'UTC'), '2024-01-01');
    assert.equal(monthOf('2024-01-31T23:30:00.000000Z', 'Asia/Kolkata'), '2024-02-01');
    assert.equal(monthOf('2024-01-01T00:30:00.000000Z', 'America/New_York'), '2023-12-01');
    assert.equal(monthOf('2024-02-29', 'America/New_York'), '2024-02-01');
    assert.equal(monthOf('yesterday', 'UTC'), null);
    assert.equal(monthOf('2024-13-01T00:00:00Z', 'UTC'), null);
  });

  test('of a form is that of timeEnd, with or without attributes, else of received_on', () => {
    const received = '2024-05-02T00:00:00.000000Z';
    assert.equal(
      monthOfForm({ meta: { timeEnd: '2024-03-01T00:00:00.000000Z' } }, received, 'UTC'),
      '2024-03-01',
    );
    assert.equal(
      monthOfForm({ meta: { timeEnd: { '@a': '1', '#text': '2024-03-09' } } }, received, 'UTC'),
      '2024-03-01',
    );
    for (const meta of [{}, 'x', ['x'], { timeEnd: '' }, { timeEnd: 'soon' }, { timeEnd: ['2024-03-09'] }])
      assert.equal(monthOfForm({ meta }, received, 'UTC'), '2024-05-01');
    assert.equal(monthOfForm({}, received, 'UTC'), '2024-05-01');
  });
});

describe('whether a database shows all changes', () => {
  const standby: StandbyState = {
    in_recovery: true,
    receiving: true,
    replayed_all: true,
    settled: true,
    past_newest: false,
  };
  test('a primary does', () => {
    assert.equal(
      showsAllChanges({ ...standby, in_recovery: false, receiving: false, replayed_all: null }),
      true,
    );
  });
  test('a connected standby does when it replayed all and the newest message has had time to arrive', () => {
    assert.equal(showsAllChanges(standby), true);
    assert.equal(showsAllChanges({ ...standby, settled: false }), false);
    assert.equal(showsAllChanges({ ...standby, settled: null, past_newest: null }), true);
    assert.equal(showsAllChanges({ ...standby, replayed_all: false }), false);
    assert.equal(showsAllChanges({ ...standby, receiving: false }), false);
  });
  test('a standby past the newest message does, whatever it still has to replay', () => {
    assert.equal(
      showsAllChanges({ ...standby, past_newest: true, replayed_all: false, receiving: false }),
      true,
    );
  });
  test('a publish time that is no time is taken for none', () => {
    assert.equal(provableTime('2024-05-02T09:14:03.120394Z'), '2024-05-02T09:14:03.120394Z');
    for (const given of [null, '', 'soon', '2024-99-99T00:00:00Z', 'now', 'infinity'])
      assert.equal(provableTime(given), null);
  });
});

describe('work in order', () => {
  test('results come in the order of the inputs with no more than the limit at work', async () => {
    let working = 0;
    let most = 0;
    const act = async (input: number): Promise<number> => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, input % 3));
      working--;
      return input * 2;
    };
    const results: number[] = [];
    for await (const result of inOrder(
      Array.from({ length: 50 }, (_, index) => index),
      4,
      act,
    ))
      results.push(result);
    assert.deepEqual(
      results,
      Array.from({ length: 50 }, (_, index) => index * 2),
    );
    assert.equal(most, 4);
  });

  test('a failure ends it after what is at work has ended, and nothing more is started', async () => {
    const started: number[] = [];
    let working = 0;
    const act = async (input: number): Promise<number> => {
      started.push(input);
      working++;
      await new Promise((resolve) => setTimeout(resolve, 2));
      working--;
      if (input === 1) throw new Error('broken');
      return input;
    };
    await assert.rejects(async () => {
      for await (const done of inOrder([0, 1, 2, 3, 4, 5, 6, 7], 3, act)) assert.equal(done, 0);
    }, /broken/);
    assert.equal(working, 0);
    assert.ok(started.length < 8);
  });

  test('chunks hold every item once', () => {
    assert.deepEqual([...chunked([1, 2, 3, 4, 5], 2)], [[1, 2], [3, 4], [5]]);
    assert.deepEqual([...chunked([], 2)], []);
  });
});

test('the newest of several rows of one id stands', () => {
  const rows = [
    { id: 'a', rev: '2024-01-01T00:00:00.000001Z' },
    { id: 'a', rev: '2024-01-01T00:00:00.000002Z' },
    { id: 'a', rev: null },
    { id: 'b', rev: null },
  ];
  assert.deepEqual(
    [...newestOf(rows).values()].map(({ id, rev }) => [id, rev]),
    [
      ['a', '2024-01-01T00:00:00.000002Z'],
      ['b', null],
    ],
  );
});

test('blob keys are taken as HQ makes them, and never lead out of the store', () => {
  for (const key of ['0123abcd', 'form/12/form.xml', '{id}/x-1_y', '_default/a.b'])
    assert.ok(isLegalKey(key), key);
  for (const key of ['', '/etc', '.hidden', '../x', 'a/../b', 'a/./b', 'a b', 'a\0b'])
    assert.ok(!isLegalKey(key), key);
});

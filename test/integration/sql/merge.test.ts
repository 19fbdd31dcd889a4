import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { MergeFacts } from '../../../orchestrator/ledger/lanes.js';
import { readBack } from '../shape/read-back.js';
import { ShapeLake, type Document, type ShapeTable } from '../shape/shape-lake.js';

const REV = {
  old: '2024-01-01T00:00:00.000000Z',
  now: '2024-01-01T00:00:00.000001Z',
  next: '2024-01-02T00:00:00.000000Z',
};

describe('merging a batch into a table that is there', () => {
  let lake: ShapeLake;
  let table: ShapeTable;
  before(async () => {
    lake = await ShapeLake.open();
    table = lake.table('merged');
  });
  after(async () => {
    await lake.close();
  });

  const merge = async (
    ...documents: Document[]
  ): Promise<Pick<MergeFacts, 'inserted' | 'updated' | 'deleted' | 'refused'>> => {
    const [facts] = await lake.merge([[table, documents]]);
    assert.ok(facts !== undefined);
    const { inserted, updated, deleted, refused } = facts;
    return { inserted, updated, deleted, refused };
  };
  const rows = async (): Promise<unknown> => {
    const [seen] = await readBack(lake, [[table, []]]);
    return Object.fromEntries(Object.entries(seen?.rows ?? {}).map(([id, row]) => [id, row['case_json__a']]));
  };

  test('a newer and an equal revision overwrite, an older one is refused and counted', async () => {
    await merge(...['older', 'equal', 'newer'].map((id) => ({ id, tree: { a: 'first' }, rev: REV.now })));
    const facts = await merge(
      { id: 'older', tree: { a: 'second' }, rev: REV.old },
      { id: 'equal', tree: { a: 'second' }, rev: REV.now },
      { id: 'newer', tree: { a: 'second' }, rev: REV.next },
    );
    assert.deepEqual(facts, { inserted: 0, updated: 2, deleted: 0, refused: 1 });
    assert.deepEqual(await rows(), { older: 'first', equal: 'second', newer: 'second' });
  });

  test('a delete needs no revision; of an unknown id it does nothing; the id may come again', async () => {
    const gone = { tree: {}, deleted: true };
    const facts = await merge({ id: 'older', ...gone }, { id: 'nobody', ...gone });
    assert.deepEqual(facts, { inserted: 0, updated: 0, deleted: 1, refused: 0 });
    assert.deepEqual(await merge({ id: 'older', tree: { a: 'again' }, rev: REV.old }), {
      inserted: 1,
      updated: 0,
      deleted: 0,
      refused: 0,
    });
    assert.deepEqual(await rows(), { older: 'again', equal: 'second', newer: 'second' });
  });

  test('a record whose month changes, or is lost, stays one row', async () => {
    for (const month of ['2023-12-01', null, '2024-07-01']) {
      const facts = await merge({ id: 'equal', tree: { a: month ?? 'none' }, rev: REV.next, month });
      assert.deepEqual(facts, { inserted: 0, updated: 1, deleted: 0, refused: 0 });
    }
    assert.deepEqual(await rows(), { older: 'again', equal: '2024-07-01', newer: 'second' });
  });

  test('records that are said to be new are inserted; of one that is there none is doubled, and it counts as refused', async () => {
    const other = lake.table('inserted');
    const documents = ['one', 'two'].map((id) => ({ id, tree: { a: id }, rev: REV.now }));
    const [first] = await lake.merge([[other, documents]], true);
    assert.deepEqual([first?.inserted, first?.refused], [2, 0]);
    const again = [
      { id: 'two', tree: { a: 'again' }, rev: REV.next },
      { id: 'three', tree: { a: '3' }, rev: REV.now },
    ];
    const [second] = await lake.merge([[other, again]], true);
    assert.deepEqual([second?.inserted, second?.updated, second?.refused], [1, 0, 1]);
    const [seen] = await readBack(lake, [[other, []]]);
    assert.deepEqual(
      Object.entries(seen?.rows ?? {})
        .map(([id, row]) => [id, row['case_json__a']])
        .sort(),
      [
        ['one', 'one'],
        ['three', '3'],
        ['two', 'two'],
      ],
    );
  });

  test("the log tells the same by its checksums, by its commits, and when Delta's cleaning has taken old commits", async () => {
    const whole = await lake.state(table);
    assert.equal(whole?.version, 7n);
    assert.deepEqual(
      whole.fields
        .filter((field) => field.name.startsWith('case_json__'))
        .map((field) => [field.name, field.type]),
      [['case_json__a', 'string']],
    );
    const log = join(lake.root, table.path, '_delta_log');
    const remove = (version: number, ending: string): void => {
      rmSync(join(log, `${String(version).padStart(20, '0')}.${ending}`));
    };
    for (const version of [0, 1, 2]) remove(version, 'json');
    assert.deepEqual(await lake.state(table), whole);
    for (const version of [5, 6, 7]) remove(version, 'crc');
    // Its size is that of the newest checksum; it only chooses how a table is read.
    assert.deepEqual({ ...(await lake.state(table)), bytes: whole.bytes }, whole);
    for (const version of [0, 1, 2, 3, 4]) remove(version, 'crc');
    await assert.rejects(lake.state(table), { code: 'DELTA_LOG_UNREADABLE' });
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { seeded, shuffled } from '../../helpers/seeded.js';
import { everyFlip, randomTree } from './documents.js';
import { readBack, type TableSeen } from './read-back.js';
import { ShapeLake, type Document } from './shape-lake.js';

describe('paths that change their shape from record to record', () => {
  let lake: ShapeLake;
  before(async () => {
    lake = await ShapeLake.open();
  });
  after(async () => {
    await lake.close();
  });

  test('every value is found again after every flip, in either order and in one batch', async () => {
    const [first, second] = everyFlip();
    const tables = { forth: lake.table('forth'), back: lake.table('back'), once: lake.table('once') };
    await lake.merge([
      [tables.forth, [first]],
      [tables.back, [second]],
      [tables.once, [first, second]],
    ]);
    await lake.merge([
      [tables.forth, [second]],
      [tables.back, [first]],
    ]);
    const documents = [first, second];
    const seen = await readBack(lake, [
      [tables.forth, documents],
      [tables.back, documents],
      [tables.once, documents],
    ]);
    for (const table of seen) assert.deepEqual(table.differences, []);
    assertEqualTables(seen);
  });

  test('the same documents in one batch or in many, in any order, give equal tables', async () => {
    const random = seeded(20_240_506);
    const documents: Document[] = Array.from({ length: 12 }, (_, index) => ({
      id: `d${index}`,
      tree: randomTree(random, 2),
    }));
    const orders = [documents, shuffled(random, documents)];
    const tables = ['many-0', 'many-1'].map((type) => lake.table(type));
    const whole = lake.table('whole');
    for (let step = 0; step < 3; step++) {
      await lake.merge([
        ...tables.map(
          (table, index) => [table, (orders[index] ?? []).slice(step * 4, step * 4 + 4)] as const,
        ),
        ...(step === 0 ? [[whole, documents] as const] : []),
      ]);
    }
    const seen = await readBack(
      lake,
      [...tables, whole].map((table) => [table, documents] as const),
    );
    for (const table of seen) assert.deepEqual(table.differences, []);
  });

  test('a list whose objects get new fields keeps each field under its own name', async () => {
    const table = lake.table('growing');
    const one = { id: '1', tree: { list: [{ a: 'a1', c: 'c1' }], other: 'o1' } };
    const two = {
      id: '2',
      tree: { list: [{ c: 'c2', b: 'b2', a: { x: 'x2' } }], more: [{ z: [{ y: 'y2' }] }] },
    };
    const three = {
      id: '3',
      tree: { more: [{ z: [{ w: 'w3', y: 'y3' }], v: 'v3' }], list: [{ a: 'a3', b: 'b3' }] },
    };
    for (const document of [one, two, three]) await lake.merge([[table, [document]]]);
    const [seen] = await readBack(lake, [[table, [one, two, three]]]);
    assert.deepEqual(seen?.differences, []);
  });
});

/** Rows must be equal as they stand; columns may stand in another order. */
function assertEqualTables(seen: readonly TableSeen[]): void {
  const [first, ...others] = seen;
  for (const other of others) assert.deepEqual(other.rows, first?.rows);
}

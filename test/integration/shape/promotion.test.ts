import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readBack } from './read-back.js';
import { ShapeLake, type ShapeTable } from './shape-lake.js';

let lake: ShapeLake;
before(async () => {
  lake = await ShapeLake.open();
});
after(async () => {
  await lake.close();
});

describe('a promotion to a list', () => {
  let table: ShapeTable;
  const older = { id: 'old', tree: { x: 'one', o: { p: 'in o' }, same: 's' } };
  const newer = { id: 'new', tree: { x: ['two', 'three'], o: [{ p: 'a' }, { p: 'b' }] } };
  before(async () => {
    table = lake.table('promoted');
    await lake.merge([[table, [older]]]);
  });

  test('cut off between the rewrite and the merge is repeated with the same end, and is one commit', async () => {
    const prepared = await lake.prepare(table, [newer]);
    const [, statements] = (await lake.render(prepared, 'r')).script.split('CREATE OR REPLACE TABLE');
    assert.ok(statements !== undefined, 'the lane rewrites the table');
    // The driver dies as soon as the rewrite is in the log, before the MERGE.
    assert.equal(await lake.runWithFault(prepared, 'halt-after-commit:1'), 137);
    const again = (await lake.render(prepared, 'r')).script;
    assert.doesNotMatch(again, /CREATE OR REPLACE TABLE/, 'what the log holds is not done twice');
    await lake.run([prepared]);
    await lake.settle(prepared);
    const [seen] = await readBack(lake, [[table, [older, newer]]]);
    assert.deepEqual(seen?.differences, []);
    assert.deepEqual(await lake.operations(table), [
      'CREATE TABLE',
      'MERGE',
      'CREATE OR REPLACE TABLE AS SELECT',
      'MERGE',
    ]);
  });

  test('keeps the history: an older version still shows the table as it was', async () => {
    const [seen] = await readBack(lake, [[table, [older], 1]]);
    assert.deepEqual(seen?.differences, []);
    assert.deepEqual(seen.columns, {
      case_json__o__p: 'string',
      case_json__same: 'string',
      case_json__x: 'string',
    });
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../../orchestrator/types.js';
import { readBack, type TableSeen } from './read-back.js';
import { ShapeLake, type Document, type Prepared, type ShapeTable } from './shape-lake.js';

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

const LIMIT = 40;
const NAMES = 20_000;

/** A document of many names of its own, beside what others have too. */
function hostile(): JsonObject {
  const own = Object.fromEntries(Array.from({ length: NAMES }, (_, index) => [`n${index}`, `text ${index}`]));
  return { ...own, weight: '9', visits: [{ place: 'p', odd: 'o' }, { odder: 'r' }, 'a text'] };
}

describe('a table with as many columns as it may have', () => {
  let table: ShapeTable;
  /** Two batches of it are staged at once, each for the room that the other takes too. */
  let twice: ShapeTable;
  const documents = new Map<string, Document>();
  const [one, two] = [
    { id: 'one', tree: { a: '1', l: [{ x: '2' }], b: '3' } },
    { id: 'two', tree: { c: '4', l: [{ y: '5', z: '6', x: '7' }, { z: '8' }, 't'], d: { e: ['9', '10'] } } },
  ];
  let staged: Awaited<ReturnType<ShapeLake['stage']>>;

  before(async () => {
    table = lake.table('limited');
    table.maxColumns = LIMIT;
    twice = lake.table('twice');
    twice.maxColumns = 4;
    const first = await lake.prepare(twice, [one]);
    staged = await lake.stage(twice, [two]);
    const tree = { weight: '1', visits: [{ place: 'a' }], child: { name: 'b' } };
    await merge([{ id: 'before', tree }], first);
  });

  async function merge(batch: readonly Document[], ...beside: readonly Prepared[]): Promise<void> {
    for (const document of batch) documents.set(document.id, document);
    const prepared = [await lake.prepare(table, batch), ...beside];
    await lake.run(prepared);
    for (const each of prepared) await lake.settle(each);
  }

  /** Everything is found in a column or in `_overflow`, never in both; columns are as many as they may be. */
  async function requireFound(over: readonly string[]): Promise<TableSeen> {
    const [seen] = await readBack(lake, [[table, [...documents.values()]]]);
    assert.ok(seen !== undefined);
    assert.deepEqual(seen.differences, []);
    assert.ok(seen.leaves <= LIMIT, `${seen.leaves} columns`);
    assert.deepEqual(Object.keys(seen.overflow).sort(), [...over].sort());
    return seen;
  }

  test('has no further column before it is needed; then takes 20,000 names and keeps all texts', async () => {
    const state = await lake.state(table);
    assert.ok(!state?.fields.some(({ name }) => name === '_overflow'));
    const ordinary = { weight: '2', visits: [{ place: 'c' }], child: { name: 'd' } };
    await merge([
      { id: 'hostile', tree: hostile() },
      { id: 'beside', tree: ordinary },
    ]);
    const seen = await requireFound(['hostile']);
    assert.equal(seen.leaves, LIMIT);
    assert.ok(Object.keys(seen.overflow['hostile'] ?? {}).length > NAMES - LIMIT);
    assert.deepEqual(seen.rows['beside'], {
      case_json__weight: '2',
      case_json__visits: [{ place: 'c' }],
      case_json__child__name: 'd',
    });
  });

  test('keeps them through a promotion, and has in the SELECT a place for what found no room', async () => {
    const second = lake.aim(twice, staged);
    assert.ok(second.target.homeless.length > 0, 'it was staged for room that another batch has taken');
    const promoter = { weight: ['3', '4'], child: [{ name: 'e' }, { nick: 'f' }] };
    await merge([{ id: 'promoter', tree: promoter }], second);
    assert.ok((await lake.operations(table)).includes('CREATE OR REPLACE TABLE AS SELECT'));
    await requireFound(['hostile', 'promoter']);
    const [seen] = await readBack(lake, [[twice, [one, two]]]);
    assert.deepEqual(seen?.differences, []);
    assert.equal(seen.leaves, 4);
    assert.deepEqual(seen.overflow, {
      two: {
        case_json__c: '4',
        'case_json__l[0].z': '6',
        'case_json__l[1].z': '8',
        'case_json__l[2]': 't',
        'case_json__d__e[0]': '9',
        'case_json__d__e[1]': '10',
      },
    });
    assert.deepEqual(seen.rows['two'], { case_json__l: [{ x: '7', y: '5' }, null, null] });
  });

  test('forgets them when the record is an ordinary one', async () => {
    await merge([
      { id: 'hostile', tree: { weight: '5' } },
      { id: 'promoter', tree: { weight: '6' } },
    ]);
    await requireFound([]);
  });
});

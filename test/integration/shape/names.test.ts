import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import { readBack } from './read-back.js';
import { ShapeLake, type Document, type ShapeTable } from './shape-lake.js';

const HOSTILE = [
  ...['`', '``', '`) --', "it's", "'", '"quoted"', 'semi;colon', ';', '\n;\n', 'new\nline', 'tab\tbed', '\r'],
  ...['${x}', '${spark.app.name}', '{{updates}}', '$&', '%41', 'back\\slash', '\\u0041', '--', '/* c */'],
  ...[
    'dots.in.it',
    '.',
    ' ',
    '',
    ' lead',
    'trail ',
    '~',
    '~20',
    'a=b',
    '(x)',
    '{y}',
    'a,b',
    '\u2028',
    '\u0001',
  ],
  ...[
    'select',
    'null',
    'struct',
    '_id',
    'month',
    '__op',
    't',
    's',
    'e2',
    'op',
    'c0',
    '__proto__',
    'constructor',
  ],
  ...['😀', 'naïve', 'नाम', '名前', 'a\u200bb', 'n'.repeat(300)],
];
/** Pairs that Spark takes for one name in one way or another. */
const CLASHING = [
  ...['DOB', 'dob', 'Dob', 'é', 'É', 'K', 'k', '\u212a', 'ß', 'SS', 'İ', 'i', 'ı', 'I'],
  ...['ας', 'ΑΣ', 'ασ', 'µ', 'μ', 'ſ', 'S'],
];
const KEYS = [...HOSTILE, ...CLASHING];

let lake: ShapeLake;
before(async () => {
  lake = await ShapeLake.open();
});
after(async () => {
  await lake.close();
});

describe('names that mean harm', () => {
  test('are columns like any other when a table is made, widened, rewritten and merged', async () => {
    const half = KEYS.filter((_, index) => index % 2 === 0);
    // As columns, and as fields of one list's objects: a list for each name would take Spark minutes.
    const documents: Document[] = [
      {
        id: '`made`',
        tree: { ...treeOf(half, (key) => `v1 ${key}`), in: [treeOf(half, (key) => `i1 ${key}`)] },
      },
      {
        id: "wid'ened",
        tree: { ...treeOf(KEYS, (key) => `v2 ${key}`), in: [treeOf(KEYS, (key) => `i2 ${key}`)] },
      },
      {
        id: 're;written',
        tree: { ...treeOf(KEYS, (key) => [`v3 ${key}`]), in: [treeOf(half, (key) => [`i3 ${key}`])] },
      },
      {
        id: '${merged}',
        tree: { ...treeOf(half, (key) => `v4 ${key}`), in: treeOf(KEYS, (key) => `i4 ${key}`) },
      },
    ];
    const table = lake.table("wo`rst; DROP TABLE x; -- '${y}'\n.😀", 'do`main;"\n${z}');
    for (const document of documents) await lake.merge([[table, [document]]]);
    const [seen] = await readBack(lake, [[table, documents]]);
    assert.deepEqual(seen?.differences, []);
  });

  test('of a table that begins with an underscore or a dot hide nothing from its readers', async () => {
    const tables = ['_hidden', '.hidden', '..', 'x'.repeat(400)].map((type) => lake.table(type));
    const documents = [{ id: '1', tree: { a: 'x' } }];
    await lake.merge(tables.map((table) => [table, documents] as const));
    const seen = await readBack(
      lake,
      tables.map((table) => [table, documents] as const),
    );
    for (const table of seen) assert.deepEqual(table.rows, { 1: { case_json__a: 'x' } });
  });
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

function treeOf(keys: readonly string[], valueOf: (key: string) => JsonValue): JsonObject {
  // An object literal would take `__proto__` for the prototype.
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)]));
}

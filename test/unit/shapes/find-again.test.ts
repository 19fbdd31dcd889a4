import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex8 } from '../../helpers/hostile-keys.js';
import { findAgain, type Cell, type Row } from '../../shapes/find-again.js';
import { rowByPath } from '../../shapes/same-rows.js';
import { shapeOf } from '../../shapes/shape-rules.js';
import type { Field } from '../../shapes/table-schema.js';
import { Spelled, type Tree, type Value } from '../../shapes/tree.js';

const tree = (fields: Readonly<Record<string, Value>>): Tree => new Map(Object.entries(fields));

/** A path that was a text, an object and lists; names that clash; a list in a list. */
const DOCUMENTS: readonly Tree[] = [
  tree({ x: 'text', n: new Spelled('1.0'), DOB: 'upper', a__b: 'flat', l: ['one', '', null] }),
  tree({ x: tree({ a: 'in object', deep: [true] }), dob: 'lower', a: tree({ b: 'nested' }), l: 'single' }),
  tree({ x: ['item', tree({ a: 'in item' }), [['inner'], 'beside']], n: '', l: [] }),
  tree({ x: tree({}), n: null }),
];
const DOB = `c__dob__${hex8('c__dob')}`;
const NESTED = `c__a__b__${hex8('c__a__b')}`;
const TEXT = 'string';
const list = (elementType: Field['type']): Field['type'] => ({ type: 'array', elementType });
const struct = (fields: Readonly<Record<string, Field['type']>>): Field['type'] => ({
  type: 'struct',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const INNER = list(struct({ '#list': list(TEXT), '#text': TEXT }));
const COLUMNS: Readonly<Record<string, Field['type']>> = {
  _id: TEXT,
  c__x: list(struct({ a: TEXT, '#text': TEXT, deep: list(TEXT), '#list': INNER })),
  c__n: TEXT,
  c__DOB: TEXT,
  [DOB]: TEXT,
  c__a__b: TEXT,
  [NESTED]: TEXT,
  c__l: list(TEXT),
};
const ROWS: readonly Row[] = [
  { c__x: [{ '#text': 'text' }], c__n: '1.0', c__DOB: 'upper', c__a__b: 'flat', c__l: ['one', '', null] },
  { c__x: [{ a: 'in object', deep: ['true'] }], [DOB]: 'lower', [NESTED]: 'nested', c__l: ['single'] },
  {
    c__x: [
      { '#text': 'item' },
      { a: 'in item' },
      { '#list': [{ '#list': ['inner'] }, { '#text': 'beside' }] },
    ],
    c__n: '',
    c__l: [],
  },
  {},
];

function problems(rows: readonly Row[], columns = COLUMNS): readonly string[] {
  return found(rows, columns).problems;
}

function found(rows: readonly Row[], columns = COLUMNS): ReturnType<typeof findAgain> {
  const fields = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const pairs = DOCUMENTS.map((each, index) => ({
    tree: each,
    row: rows[index] ?? {},
    where: `document ${index}`,
  }));
  return findAgain(shapeOf(DOCUMENTS), fields, 'c', pairs);
}

/** Every row with one value changed, one way at a time. */
function* changed(cell: Cell): Generator<Cell> {
  if (typeof cell === 'string') {
    yield* [undefined, '', `${cell} `].filter((each) => each !== cell);
  } else if (Array.isArray(cell)) {
    const items = cell as readonly Cell[];
    yield* [undefined, [...items, null], items.slice(1)].filter(
      (each) => each === undefined || each.length !== items.length,
    );
    if (items.length > 1) yield [...items].reverse();
    for (const [index, item] of items.entries())
      for (const other of changed(item)) yield items.map((each, at) => (at === index ? other : each));
  } else if (typeof cell === 'object' && cell !== null) {
    for (const [name, value] of Object.entries(cell as Row))
      for (const other of changed(value)) yield { ...(cell as Row), [name]: other };
  }
}

test('a right table has every value where the rules say, and nothing else', () => {
  assert.deepEqual(problems(ROWS), []);
});

test('every single value that is lost, changed or in another place is found', () => {
  let count = 0;
  for (const [index, row] of ROWS.entries()) {
    for (const other of changed(row)) {
      const rows = ROWS.map((each, at) => (at === index ? (other as Row) : each));
      assert.notDeepEqual(problems(rows), [], JSON.stringify(other));
      count++;
    }
  }
  assert.ok(count > 50, `${count} changes were tried`);
});

test('a value that is in no document is found, in a null column too', () => {
  for (const column of ['c__n', 'c__a__b', DOB]) {
    const rows = ROWS.map((each, at) => (at === 3 ? { [column]: 'extra' } : each));
    assert.notDeepEqual(problems(rows), []);
  }
  assert.match(problems(ROWS, { ...COLUMNS, c__dead: TEXT }).join(), /"c__dead" is of no path/);
});

test('a field that is called as what every object has is a field like any other', () => {
  const name = 'constructor';
  const fields = [{ name: 'c__x', type: list(struct({ [name]: TEXT, a: TEXT })) }];
  const document = tree({ x: [tree({ [name]: 'c', a: '1' }), tree({ a: '2' })] });
  const told = (cell: Cell): readonly string[] =>
    findAgain(shapeOf([document]), fields, 'c', [{ tree: document, row: { c__x: cell }, where: '' }])
      .problems;
  assert.deepEqual(told([JSON.parse('{"constructor":"c","a":"1"}') as Cell, { a: '2' }]), []);
  assert.notDeepEqual(told([{ a: '1' }, { a: '2' }]), []);
});

test('a column that is missing or of another shape is found', () => {
  for (const name of Object.keys(COLUMNS).filter((each) => each !== '_id')) {
    const others = Object.fromEntries(Object.entries(COLUMNS).filter(([each]) => each !== name));
    assert.notDeepEqual(problems(ROWS, others), [], name);
    const other = COLUMNS[name] === TEXT ? list(TEXT) : TEXT;
    assert.notDeepEqual(problems(ROWS, { ...COLUMNS, [name]: other }), [], name);
  }
});

test('paths of one spelling may have their columns either way round, but the same way in all rows', () => {
  const swapped = ROWS.map((row) => ({ ...row, c__a__b: row[NESTED], [NESTED]: row['c__a__b'] }));
  assert.deepEqual(problems(swapped), []);
  const half = swapped.map((row, index) => (index === 0 ? (ROWS[0] ?? {}) : row));
  assert.notDeepEqual(problems(half), []);
});

test('two tables that gave clashing names the other way round show the same by path', () => {
  const swapped = ROWS.map((row) => ({ ...row, c__a__b: row[NESTED], [NESTED]: row['c__a__b'] }));
  const [one, other] = [found(ROWS).columns, found(swapped).columns];
  assert.notDeepEqual(one, other);
  assert.deepEqual(
    ROWS.map((row) => rowByPath(row, one)),
    swapped.map((row) => rowByPath(row, other)),
  );
  assert.notDeepEqual(
    ROWS.map((row) => rowByPath(row, one)),
    swapped.map((row) => rowByPath(row, one)),
  );
});

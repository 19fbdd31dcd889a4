import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnCount, NOTHING_RESERVED, ReservedColumns } from '../../../orchestrator/shape/column-limit.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { NOTHING_MADE } from '../../../orchestrator/shape/made-columns.js';
import {
  EMPTY_SHAPE,
  shapeFromJson,
  shapeToJson,
  type ShapeNode,
} from '../../../orchestrator/shape/shape.js';
import type { LayoutLimit } from '../../../orchestrator/shape/staged-place.js';
import { targetShape, type TargetShape } from '../../../orchestrator/shape/target-shape.js';
import { atLimit, limitReached } from '../../../orchestrator/shape/at-limit.js';
import type { JsonObject } from '../../../orchestrator/types.js';

const EMPTY_TABLE = { kind: 'case', shape: {}, names: {}, types: {} } as const;

function limited(columns: number, facts: Partial<LayoutLimit> = {}): StagedLayout {
  return new StagedLayout({
    columns,
    reserved: NOTHING_RESERVED,
    known: EMPTY_SHAPE,
    prefix: 'case_json',
    ...facts,
  });
}

function encode(layout: StagedLayout, tree: JsonObject, id = 'a record'): JsonObject {
  const row: JsonObject = {};
  layout.encode(tree, row, id);
  return row;
}

function layoutOf(columns: number, trees: readonly JsonObject[], known?: ShapeNode): StagedLayout {
  const layout = limited(columns, known === undefined ? {} : { known });
  for (const tree of trees) encode(layout, tree);
  return layout;
}

/** As the ledger would keep it. */
function tableOf({ shape, names, types }: TargetShape): {
  kind: 'case';
  shape: JsonObject;
  names: JsonObject;
  types: JsonObject;
} {
  return { kind: 'case', shape, names, types };
}

const namesOf = ({ after }: TargetShape): string[] => after.map(({ name }) => name);

test('what comes first gets the keys; the texts of other paths stand together, each under its own name', () => {
  const layout = limited(2);
  assert.deepEqual(encode(layout, { a: '1', b: { c: '2' }, d: '3', e: { f: 4, 'x y': true, '[': null } }), {
    c0: '1',
    c1: '2',
    over: [
      { key: 'case_json__d', value: '3' },
      { key: 'case_json__e__f', value: '4' },
      { key: 'case_json__e__x~20y', value: 'true' },
    ],
  });
  assert.deepEqual(encode(layout, { a: '5', b: { c: '6' } }), { c0: '5', c1: '6' }, 'nothing over, no key');
  assert.deepEqual(encode(layout, { d: ['x', { '[': 'y' }, ['z'], null, {}] }), {
    over: [
      { key: 'case_json__d[0]', value: 'x' },
      { key: 'case_json__d[1].~5B', value: 'y' },
      { key: 'case_json__d[2].#list[0]', value: 'z' },
    ],
  });
});

test('paths that the table has get keys as ever, in every shape', () => {
  const had = targetShape(EMPTY_TABLE, layoutOf(9, [{ s: '1', o: { p: '2' }, l: [{ q: '3' }] }]), []);
  const layout = limited(3, { known: shapeFromJson(had.shape) });
  assert.deepEqual(encode(layout, { new: 'n', s: ['1'], o: [{ p: '2' }], l: { q: '3' } }), {
    c0: [{ t: '1' }],
    c1: [{ f0: '2' }],
    c2: '3',
    over: [{ key: 'case_json__new', value: 'n' }],
  });
  const after = targetShape(tableOf(had), layout, []);
  assert.deepEqual(namesOf(after), ['case_json__s', 'case_json__o', 'case_json__l']);
  assert.deepEqual(after.homeless, []);
});

test('fields of a list are columns too: those beyond the limit stand under their place in the list', () => {
  const layout = limited(2);
  const row = encode(layout, { l: [{ a: '1', b: '2', c: '3' }, 'text', { c: '4' }] });
  assert.deepEqual(row, {
    c0: [{ f0: '1', f1: '2' }, null, null],
    over: [
      { key: 'case_json__l[0].c', value: '3' },
      { key: 'case_json__l[1]', value: 'text' },
      { key: 'case_json__l[2].c', value: '4' },
    ],
  });
  assert.equal(columnCount(layout.shape()), 2);
});

test('no two paths of a record have one key', () => {
  const trees: JsonObject[] = [
    { a: { b: '1' }, a__b: '2' },
    { a_: { b: '1' }, a: { _b: '2' }, a___b: '3' },
    { l: [{ x: '1' }], 'l[0].x': '2', 'l[0]': { x: '3' }, 'l~5B0].x': '4' },
    { a: { '': { b: '1' } }, a__: { b: '2' }, '': { a: '3' } },
  ];
  for (const tree of trees) {
    const { over } = encode(limited(1, { known: shapeFromJson({ s: 1 }) }), tree) as {
      over: { key: string; value: string }[];
    };
    const leaves = JSON.stringify(tree).match(/"\d"/g) ?? [];
    assert.equal(new Set(over.map(({ key }) => key)).size, leaves.length, JSON.stringify(over));
  }
});

test('a key is of bearable length, however deep it stands, and still its own', () => {
  let [one, two]: JsonObject[] = [{ x: '1' }, { y: '1' }];
  for (let depth = 0; depth < 400; depth++) {
    one = { ['n'.repeat(50)]: [one ?? {}] };
    two = { ['n'.repeat(50)]: [two ?? {}] };
  }
  const layout = limited(1);
  encode(layout, { a: '' });
  const keys = [one, two].map((tree) => {
    const [entry] = encode(layout, tree ?? {})['over'] as { key: string }[];
    return entry?.key ?? '';
  });
  assert.equal(new Set(keys).size, 2);
  for (const key of keys) assert.ok(key.length <= 300 && key.startsWith('case_json__nnn'), key);
});

test('what lake.yaml names always has its column, before all that comes first', () => {
  const declared = new Map([
    ['case_json__dob', { list: false, scalar: 'date' }],
    ['case_json__visits__weight', { list: false, scalar: 'double' }],
  ] as const);
  const derive = [
    { name: 'd', sql: 'case_json__Source', type: 'string', reads: ['case_json__Source'] },
  ] as const;
  const made = { rename: new Map([['case_json__old__name', 'renamed']]), derive };
  const layout = limited(1, { reserved: new ReservedColumns(declared, made) });
  const tree = {
    first: 'f',
    second: 's',
    dob: 'd',
    old: { name: 'n', other: 'o' },
    visits: [{ place: 'p', weight: '7' }],
    Source: 'x',
  };
  const { over } = encode(layout, tree);
  const left = ['second', 'old__other', 'visits[0].place'].map((key) => `case_json__${key}`);
  assert.deepEqual(
    (over as { key: string }[]).map(({ key }) => key),
    left,
  );
  const target = targetShape(EMPTY_TABLE, layout, [], declared, [], made);
  assert.deepEqual(
    target.homeless.map(({ part }) => part),
    ['case_json__first'],
  );
  assert.deepEqual(namesOf(target), ['case_json__dob', 'renamed', 'case_json__visits', 'case_json__Source']);
});

test('two batches staged before either has merged: the second one finds no room and says where its texts go', () => {
  const layouts = [
    layoutOf(3, [{ a: '1', b: '2' }]),
    layoutOf(3, [{ b: '3', l: [{ x: '4', y: '5' }, 'six'], o: { p: '7' } }]),
  ] as const;
  const first = targetShape(EMPTY_TABLE, layouts[0], []);
  const second = targetShape(tableOf(first), layouts[1], []);
  assert.deepEqual(namesOf(second), ['case_json__a', 'case_json__b', 'case_json__l']);
  assert.deepEqual(second.homeless, [
    {
      staged: 'c1',
      part: 'case_json__l',
      by: 'a record',
      isWhole: false,
      items: [{ staged: 'f1', part: '.y', by: 'a record' }],
    },
  ]);
  assert.deepEqual(
    second.turnedAway?.names,
    ['case_json__l[]', 'case_json__o__p', 'case_json__l[].y'],
    'the text of the list and the object were turned away in staging',
  );
  assert.deepEqual(targetShape(tableOf(first), layouts[1], []), second, 'rendered again it says the same');
  const back = StagedLayout.fromJson(JSON.parse(JSON.stringify(layouts[1].toJson())) as JsonObject);
  assert.deepEqual(targetShape(tableOf(first), back, []), second, 'also from the manifest');
});

test('a promotion needs no room', () => {
  const had = targetShape(EMPTY_TABLE, layoutOf(9, [{ x: '1', y: { a: '2', b: '3' } }]), []);
  const layout = layoutOf(1, [{ x: [{ z: '4' }, '5'], y: [{ a: '6' }] }], shapeFromJson(had.shape));
  const after = targetShape(tableOf(had), layout, []);
  assert.equal(columnCount(shapeFromJson(after.shape)), 3);
  assert.deepEqual(
    after.after.map(({ name, type }) => [name, type.kind]),
    [
      ['case_json__x', 'list'],
      ['case_json__y', 'list'],
    ],
  );
  assert.deepEqual(layout.turnedAway?.names, ['case_json__x[].z']);
});

test('columns that models read are made first, those that the table had stay', () => {
  const wanted = shapeFromJson({ f: [['asked', { s: 1 }]] });
  const had = targetShape(EMPTY_TABLE, layoutOf(9, [{ a: '1', b: '2', c: '3' }]), []);
  const target = targetShape(
    tableOf(had),
    layoutOf(2, [{ d: '4' }]),
    [],
    new Map(),
    [],
    NOTHING_MADE,
    wanted,
  );
  assert.deepEqual(
    namesOf(target),
    ['a', 'b', 'c', 'asked'].map((name) => `case_json__${name}`),
  );
  assert.deepEqual(target.turnedAway?.names, ['case_json__d']);
});

const NAMES = 200_000;

test('a form of very many names leaves nothing behind in the layout', () => {
  const layout = limited(50);
  const tree: JsonObject = {};
  for (let index = 0; index < NAMES; index++) tree[`n${index}`] = { v: '1' };
  const row = encode(layout, tree, 'hostile');
  assert.equal((row['over'] as unknown[]).length, NAMES - 50);
  assert.equal(layout.root.fields?.size, 50);
  assert.ok(JSON.stringify(layout.toJson()).length < 20_000, 'nor in the manifest');
  assert.deepEqual(encode(layout, { n1: { v: '2' } }), { c1: '2' }, 'and the next record is as ever');
  assert.equal(layout.turnedAway?.by, 'hostile');
  assert.equal(layout.turnedAway.names.length, 100);
});

test('a layout of before the limit has none', () => {
  const layout = StagedLayout.fromJson(new StagedLayout().toJson());
  assert.equal(layout.maxColumns, Infinity);
  assert.equal(layout.turnedAway, undefined);
  assert.deepEqual(new StagedLayout().toJson(), {});
});

test('the table stands at its limit until a batch has room; the history tells it once', () => {
  const full = targetShape(EMPTY_TABLE, layoutOf(1, [{ a: '1', b: '2' }]), []);
  const roomy = targetShape(EMPTY_TABLE, layoutOf(9, [{ a: '1' }]), []);
  const deletes = targetShape(EMPTY_TABLE, new StagedLayout(), []);
  const now = atLimit(null, full, 1);
  assert.deepEqual(now, { limit: 1, names: ['case_json__b'] });
  assert.deepEqual(limitReached(null, full, 1), [
    {
      column: 'case_json__b',
      change: 'limit',
      from: null,
      to: '1 columns',
      recordId: 'a record',
      reread: false,
    },
  ]);
  assert.deepEqual(limitReached(now, full, 1), []);
  assert.deepEqual(atLimit(now, deletes, Infinity), now, 'deletes say nothing');
  assert.equal(atLimit(now, roomy, 9), null);
});

test('the shapes of the ledger are not touched by a limit that is not reached', () => {
  const trees: JsonObject[] = [{ a: '1', l: [{ x: '2' }, 't'], o: { p: ['3'] } }];
  const [plain, within] = [new StagedLayout(), limited(2_000)].map((layout) => {
    for (const tree of trees) encode(layout, tree);
    return targetShape(EMPTY_TABLE, layout, []);
  });
  assert.deepEqual({ ...within, hasRoom: true }, { ...plain, hasRoom: true });
  assert.deepEqual(shapeToJson(shapeFromJson(within?.shape ?? {})), plain?.shape);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  ColumnNames,
  encodeColumnName,
  shapedColumns,
  type ShapedColumn,
} from '../../../orchestrator/shape/columns.js';
import { foldCase } from '../../../orchestrator/shape/fold-case.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { targetShape } from '../../../orchestrator/shape/target-shape.js';
import type { JsonObject } from '../../../orchestrator/types.js';

const hex8 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

function layoutOf(...trees: JsonObject[]): StagedLayout {
  const layout = new StagedLayout();
  for (const tree of trees) layout.encode(tree, {}, 'a record');
  return layout;
}

function columnsOf(trees: JsonObject[], fixed: string[] = [], names = new ColumnNames()): ShapedColumn[] {
  return shapedColumns(layoutOf(...trees).shape(), 'form', names, fixed);
}
const namesOf = (columns: readonly ShapedColumn[]): string[] => columns.map((column) => column.name);

test('objects are flattened with __, a text beside them keeps the plain name', () => {
  assert.deepEqual(namesOf(columnsOf([{ a: { b: { c: 'x' }, '#text': 't' } }, { a: 'plain' }])), [
    'form__a',
    'form__a__b__c',
    'form__a__#text',
  ]);
});

test('a list of texts is array<string>, any other a list of structs with names relative to it', () => {
  const [texts, mixed] = columnsOf([{ l: ['x'], m: ['x', { a: { b: 'y' }, c: [['z']] }] }]);
  assert.deepEqual(texts?.type, { kind: 'list', item: { kind: 'scalar', type: 'string' } });
  assert.ok(mixed?.type.kind === 'list' && mixed.type.item.kind === 'struct');
  assert.deepEqual(namesOf(mixed.type.item.fields), ['a__b', 'c', '#text']);
  const inner = mixed.type.item.fields[1];
  assert.ok(inner?.type.kind === 'list' && inner.type.item.kind === 'struct');
  assert.deepEqual(namesOf(inner.type.item.fields), ['#list']);
});

test('characters Delta refuses are ~XX', () => {
  assert.equal(encodeColumnName(' ,;{}()=~\t\n.`é'), '~20~2C~3B~7B~7D~28~29~3D~7E~09~0A.`é');
});

test('of two names equal ignoring case the later gets __ and 8 hex of its own', () => {
  assert.deepEqual(namesOf(columnsOf([{ DOB: '1', dob: '2', Dob: '3' }])), [
    'form__DOB',
    `form__dob__${hex8('form__dob')}`,
    `form__Dob__${hex8('form__Dob')}`,
  ]);
});

test('paths with one spelling are told apart by the path itself', () => {
  const names = namesOf(
    columnsOf([{ a__b__c: '1' }, { a: { b__c: '2' } }, { a: { b: { c: '3' } } }, { a__b: { c: '4' } }]),
  );
  assert.equal(new Set(names.map(foldCase)).size, 4, names.join(' '));
  assert.deepEqual(names[0], 'form__a__b__c');
});

test('no path takes the name of a fixed column or of a field beside it in a struct', () => {
  assert.deepEqual(namesOf(columnsOf([{ x: '1' }], ['FORM__X'])), [`form__x__${hex8('form__x')}`]);
  const [list] = columnsOf([{ l: [{ a: '1', A: '2', a__b: '3' }, { a: { b: '4' } }] }]);
  assert.ok(list?.type.kind === 'list' && list.type.item.kind === 'struct');
  const names = namesOf(list.type.item.fields);
  assert.equal(new Set(names.map(foldCase)).size, 4, names.join(' '));
});

test('names that Spark takes for one are kept apart: dotless i, final sigma, micro sign, long s, Kelvin sign', () => {
  for (const group of [
    ['i', 'I', 'ı', 'İ'],
    ['ας', 'ασ', 'ΑΣ'],
    ['µ', 'μ'],
    ['ſ', 's', 'S'],
    ['K', 'k'],
    ['İ', 'i\u0307'],
  ]) {
    assert.equal(new Set(group.map(foldCase)).size, 1, group.join(' '));
  }
  assert.notEqual(foldCase('ß'), foldCase('ss'));
  assert.notEqual(foldCase('é'), foldCase('e'));
});

test('a name once given stays, whatever comes before it later, and across the ledger', () => {
  const first = targetShape(
    { kind: 'case', shape: {}, names: {}, types: {} },
    layoutOf({ dob: '1', a: { b: 'x' } }),
    ['_id'],
  );
  const kept = JSON.parse(JSON.stringify({ shape: first.shape, names: first.names, types: first.types })) as {
    shape: JsonObject;
    names: JsonObject;
    types: JsonObject;
  };
  const second = targetShape({ kind: 'case', ...kept }, layoutOf({ DOB: '2', dob: '1', a__b: 'y' }), ['_id']);
  assert.deepEqual(namesOf(second.before), namesOf(first.after));
  assert.deepEqual(namesOf(second.after).slice(0, 2), ['case_json__dob', 'case_json__a__b']);
  assert.deepEqual(namesOf(second.after).slice(2), [
    `case_json__DOB__${hex8('case_json__DOB')}`,
    `case_json__a__b__${hex8('case_json__a__b')}`,
  ]);
});

test('the same table and layout always give the same target: a lane is rendered alike after a crash', () => {
  const table = { kind: 'case' as const, shape: {}, names: {}, types: {} };
  const layout = layoutOf({ x: 'a', X: ['b'], y: { z: [{ q: '1' }] } });
  assert.deepEqual(
    targetShape(table, layout, ['_id']),
    targetShape(table, StagedLayout.fromJson(layout.toJson()), ['_id']),
  );
});

test('a path that became a list is in the columns before as it was, and after as the list', () => {
  const first = targetShape(
    { kind: 'case', shape: {}, names: {}, types: {} },
    layoutOf({ x: { a: '1' } }, { x: 't' }),
    [],
  );
  const second = targetShape(
    { kind: 'case', shape: first.shape, names: first.names, types: {} },
    layoutOf({ x: ['l'] }),
    [],
  );
  assert.deepEqual(namesOf(second.before), ['case_json__x', 'case_json__x__a']);
  assert.deepEqual(
    second.after.map(({ name, type }) => [name, type.kind]),
    [['case_json__x', 'list']],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShapedColumn } from '../../../orchestrator/shape/columns.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { targetShape } from '../../../orchestrator/shape/target-shape.js';
import {
  missingColumns,
  needsRewrite,
  type DeltaField,
  type DeltaType,
} from '../../../orchestrator/sql/delta-schema.js';
import { sql } from '../../../orchestrator/sql/text.js';
import type { JsonObject } from '../../../orchestrator/types.js';

function columnsOf(...trees: JsonObject[]): readonly ShapedColumn[] {
  const layout = new StagedLayout();
  for (const tree of trees) layout.encode(tree, {}, 'a record');
  return targetShape({ kind: 'case', shape: {}, names: {}, types: {} }, layout, []).after;
}

/** The columns after a batch of its own, on a table that has those before it. */
function grown(before: JsonObject, batch: JsonObject): [readonly ShapedColumn[], readonly ShapedColumn[]] {
  const first = new StagedLayout();
  first.encode(before, {}, 'a record');
  const { shape, names, types } = targetShape({ kind: 'case', shape: {}, names: {}, types: {} }, first, []);
  const second = new StagedLayout();
  second.encode(batch, {}, 'a record');
  const target = targetShape({ kind: 'case', shape, names, types }, second, []);
  return [target.before, target.after];
}

const listOf = (...fields: DeltaField[]): DeltaType => ({
  type: 'array',
  elementType: { type: 'struct', fields },
});
const text = (name: string): DeltaField => ({ name, type: 'string' });

test('columns that the log lacks are added, ignoring case of those it has', () => {
  const fixed = [
    { name: '_id', type: sql`STRING` },
    { name: 'district_id', type: sql`STRING` },
  ];
  const missing = missingColumns(fixed, columnsOf({ a: '1', b: ['x'] }), [text('_ID'), text('CASE_JSON__A')]);
  assert.deepEqual(missing, ['`district_id` STRING', '`case_json__b` ARRAY<STRING>']);
});

test('fields that a list of structs lacks are added in place, at any depth', () => {
  const columns = columnsOf({ l: [{ a: '1', b: '2', deep: [{ x: '1', y: ['t'], 'o`': { p: '3' } }] }] });
  const actual: DeltaField[] = [
    { name: 'case_json__l', type: listOf(text('a'), { name: 'deep', type: listOf(text('x')) }) },
  ];
  assert.deepEqual(missingColumns([], columns, actual), [
    '`case_json__l`.element.`b` STRING',
    '`case_json__l`.element.`deep`.element.`y` ARRAY<STRING>',
    '`case_json__l`.element.`deep`.element.`o``__p` STRING',
  ]);
});

test('nothing is missing when the log has all', () => {
  assert.deepEqual(
    missingColumns([], columnsOf({ a: '1', l: [['x']] }), [
      text('case_json__a'),
      {
        name: 'case_json__l',
        type: listOf({ name: '#list', type: { type: 'array', elementType: 'string' } }),
      },
    ]),
    [],
  );
});

test('new paths, new fields and a text beside an object need no rewrite', () => {
  for (const [before, batch] of [
    [{ a: '1' }, { b: '2' }],
    [{ a: '1' }, { a: { b: '2' } }],
    [{ a: { b: '1' } }, { a: 'text' }],
    [{ l: [{ a: '1' }] }, { l: [{ b: '2' }, 'text'] }],
    [{ l: ['x'] }, { l: 'single' }],
    [{ l: [{ a: '1' }] }, { l: { a: '2' } }],
    [{ l: ['x'] }, { l: [] }],
  ] as const) {
    assert.equal(
      needsRewrite(...grown(before as JsonObject, batch as JsonObject)),
      false,
      JSON.stringify([before, batch]),
    );
  }
});

test('what becomes a list, or structs in a list, needs a rewrite, at any depth', () => {
  for (const [before, batch] of [
    [{ a: '1' }, { a: ['2'] }],
    [{ a: '1' }, { a: [] }],
    [{ a: { b: '1' } }, { a: [{ b: '2' }] }],
    [{ l: ['x'] }, { l: [{ a: '1' }] }],
    [{ l: ['x'] }, { l: { a: '1' } }],
    [{ l: ['x'] }, { l: [['y']] }],
    [{ l: [{ a: '1' }] }, { l: [{ a: ['2'] }] }],
    [{ l: [{ a: { b: '1' } }] }, { l: [{ a: [{ b: '2' }] }] }],
    [{ l: [{ m: [{ a: '1' }] }] }, { l: [{ m: [{ a: ['2'] }] }] }],
    [{ o: { p: { q: '1' } } }, { o: ['2'] }],
  ] as const) {
    assert.equal(
      needsRewrite(...grown(before as JsonObject, batch as JsonObject)),
      true,
      JSON.stringify([before, batch]),
    );
  }
});

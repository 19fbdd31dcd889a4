import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, Tests } from '../../../orchestrator/config/transforms.js';
import { recordFilter } from '../../../orchestrator/transform/filter-record.js';
import type { JsonObject, JsonValue, Upsert } from '../../../orchestrator/types.js';
import { aCase, aForm } from './records.js';

const keeps = (record: Upsert, keep: Condition): boolean =>
  recordFilter(record.kind, ['state'], keep)(record);
const passes = (value: JsonValue, tests: Tests): boolean =>
  keeps(aCase({ x: value }), { column: 'case_json__x', tests });

test('each test of a single value', () => {
  const table: readonly (readonly [JsonValue, Tests, boolean])[] = [
    ['a', { is: 'a' }, true],
    ['A', { is: 'a' }, false],
    ['5', { is: 5 }, true],
    [5, { is: '5' }, true],
    ['true', { is: true }, true],
    [null, { is: '' }, false],
    ['', { is: '' }, true],
    ['a', { is_not: 'a' }, false],
    ['b', { is_not: 'a' }, true],
    [null, { is_not: 'a' }, true],
    ['b', { in: ['a', 'b'] }, true],
    ['c', { in: ['a', 'b'] }, false],
    ['c', { not_in: ['a', 'b'] }, true],
    ['b', { not_in: ['a', 'b'] }, false],
    ['', { present: true }, false],
    [null, { present: false }, true],
    ['x', { present: false }, false],
    ['abc', { matches: '^a' }, true],
    ['cab', { matches: '^a' }, false],
    ['15', { at_least: 15, below: 50 }, true],
    ['50', { at_least: 15, below: 50 }, false],
    ['9', { above: 10 }, false],
    ['1e2', { above: 10 }, true],
    ['many', { above: 10 }, false],
    ['', { at_most: 10 }, false],
    [null, { at_most: 10 }, false],
    ['2026-01-31', { at_least: '2026-01-01', at_most: '2026-12-31' }, true],
    ['2025-12-31T23:00:00Z', { at_least: '2026-01-01' }, false],
    ['', { below: '2026' }, false],
  ];
  for (const [value, tests, expected] of table)
    assert.equal(passes(value, tests), expected, `${JSON.stringify(value)} ${JSON.stringify(tests)}`);
});

test('of a list one value that passes all tests is enough; the negative ones want none', () => {
  assert.ok(passes(['a', 'b'], { is: 'b' }));
  assert.ok(!passes(['a', 'b'], { is_not: 'b' }));
  assert.ok(passes([], { is_not: 'b' }));
  assert.ok(!passes(['10', '60'], { above: 15, below: 50 }));
  assert.ok(passes(['10', '30'], { above: 15, below: 50 }));
});

test('any column can be asked: fixed ones, places, keys, indices, items of lists', () => {
  const index = {
    identifier: 'parent',
    referenced_id: 'm',
    referenced_type: 'mother',
    relationship: 'child',
  };
  const record = {
    ...aCase({ v: [{ w: '1' }, { w: '2' }] }, { closed: false, state_id: 'S' }),
    indices: [index],
  };
  const asked: Readonly<Record<string, string | boolean>> = {
    closed: false,
    state_id: 'S',
    _id: 'case-1',
    month: '2026-01-01',
    type: 'child',
    'indices[].referenced_type': 'mother',
    'case_json__v[].w': '2',
  };
  for (const [column, is] of Object.entries(asked)) {
    assert.ok(keeps(record, { column, tests: { is } }), column);
    assert.ok(!keeps(record, { column, tests: { is: 'other' } }), column);
  }
  assert.ok(
    keeps(aForm({ a: { '#text': 'x', '@k': 'y' } }), { column: 'form__a__#text', tests: { is: 'x' } }),
  );
  assert.ok(keeps(aForm({ a: 'x' }), { column: 'form__a__#text', tests: { is: 'x' } }));
});

test('a name means that column alone, nothing below it', () => {
  const tree: JsonObject = { a: { b: '1' } };
  assert.ok(!keeps(aCase(tree), { column: 'case_json__a', tests: { is: '1' } }));
  assert.ok(keeps(aCase(tree), { column: 'case_json__a__b', tests: { is: '1' } }));
});

test('any and all nest', () => {
  const is = (name: string, value: string): Condition => ({
    column: `case_json__${name}`,
    tests: { is: value },
  });
  const keep: Condition = { any: [is('a', '1'), { all: [is('b', '1'), is('c', '1')] }] };
  assert.ok(keeps(aCase({ a: '1' }), keep));
  assert.ok(keeps(aCase({ b: '1', c: '1' }), keep));
  assert.ok(!keeps(aCase({ b: '1' }), keep));
});

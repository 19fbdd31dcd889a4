import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRows } from '../../truth/compare-rows.js';

const KEYS = ['id'];

test('rows that agree have no difference, in any order; a double may be off by its last digits', () => {
  const expected = [
    { id: 'a', n: 703 / 30.4, t: 'x' },
    { id: 'b', n: null, t: '' },
  ];
  const actual = [
    { id: 'b', n: null, t: '', more: 1 },
    { id: 'a', n: (703 / 30.4) * (1 + 1e-12), t: 'x', more: 2 },
  ];
  assert.deepEqual(compareRows(expected, actual, KEYS), []);
  assert.deepEqual(compareRows([{ id: 'a', n: 6 }], [{ id: 'a', n: '6' }], KEYS), []);
});

test('a missing, an extra and a changed row are told apart', () => {
  const expected = [
    { id: 'a', n: 1 },
    { id: 'b', n: 1 },
  ];
  const actual = [
    { id: 'b', n: 2 },
    { id: 'c', n: 1 },
  ];
  assert.deepEqual(compareRows(expected, actual, KEYS), [
    { kind: 'missing', key: '{"id":"a"}' },
    { kind: 'differs', key: '{"id":"b"}', column: 'n', expected: 1, actual: 2 },
    { kind: 'extra', key: '{"id":"c"}' },
  ]);
});

test('a row is wanted as often as it is expected', () => {
  const row = { id: null, n: 1 };
  assert.deepEqual(compareRows([row], [row, row], KEYS), [{ kind: 'extra', key: '{"id":null}' }]);
  assert.deepEqual(compareRows([row, row], [row], KEYS), [{ kind: 'missing', key: '{"id":null}' }]);
  assert.deepEqual(
    compareRows([row, { id: null, n: 2 }], [{ id: null, n: 3 }, row], KEYS).map(({ kind }) => kind),
    ['differs'],
  );
});

test('null, "" and 0 are three values; a column that is not there differs', () => {
  const kinds = (a: null | string | number, b: null | string | number) =>
    compareRows([{ id: 'a', n: a }], [{ id: 'a', n: b }], KEYS).length;
  assert.deepEqual(
    [kinds(null, ''), kinds(null, 0), kinds('', 0), kinds(0, ''), kinds(0, null)],
    [1, 1, 1, 1, 1],
  );
  assert.deepEqual(compareRows([{ id: 'a', n: null }], [{ id: 'a' }], KEYS), [
    { kind: 'differs', key: '{"id":"a"}', column: 'n', expected: null },
  ]);
});

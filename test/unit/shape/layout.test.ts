import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { shapeToJson } from '../../../orchestrator/shape/shape.js';
import type { JsonObject } from '../../../orchestrator/types.js';

function encode(layout: StagedLayout, tree: JsonObject): JsonObject {
  const row: JsonObject = {};
  layout.encode(tree, row, 'a record');
  return row;
}

test('a path that flips between text, object and list has a staged column for each', () => {
  const layout = new StagedLayout();
  assert.deepEqual(encode(layout, { x: 'text' }), { c0: 'text' });
  assert.deepEqual(encode(layout, { x: { a: 'in' } }), { c1: 'in' });
  assert.deepEqual(encode(layout, { x: ['one', { a: 'in list' }] }), {
    c2: [{ t: 'one' }, { f0: 'in list' }],
  });
  assert.deepEqual(encode(layout, { x: 'again', y: '' }), { c0: 'again', c3: '' });
  assert.deepEqual(shapeToJson(layout.shape()), {
    f: [
      [
        'x',
        {
          i: {
            f: [
              ['a', { s: 1 }],
              ['#text', { s: 1 }],
            ],
          },
        },
      ],
      ['y', { s: 1 }],
    ],
  });
});

test('null and absent are nothing; empty text, empty list and false are values', () => {
  const layout = new StagedLayout();
  assert.deepEqual(encode(layout, { a: null }), {});
  assert.deepEqual(layout.shape().fields.size, 0, 'a path that was never seen with a value is no column');
  assert.deepEqual(encode(layout, { b: '', c: [], d: false, e: 0 }), {
    c0: '',
    c1: [],
    c2: 'false',
    c3: '0',
  });
});

test('numbers and booleans are their JSON text, in lists too', () => {
  const layout = new StagedLayout();
  assert.deepEqual(encode(layout, { n: 1.5, l: [true, 1e21, null] }), {
    c0: '1.5',
    c1: [{ t: 'true' }, { t: '1e+21' }, null],
  });
});

test('an item of a list that holds nothing is null, in whatever company it comes', () => {
  const layout = new StagedLayout();
  assert.deepEqual(encode(layout, { l: ['a', {}, { x: null }, { x: { y: null } }, null] }), {
    c0: [{ t: 'a' }, null, null, null, null],
  });
  assert.deepEqual(encode(layout, { l: [{ x: 'b' }, {}, [], ''] }), {
    c0: [{ f0: 'b' }, null, { f1: [] }, { t: '' }],
  });
});

test('a list directly in a list is an object with the one field #list', () => {
  const layout = new StagedLayout();
  assert.deepEqual(encode(layout, { x: [['a'], [['b']], 'c'] }), {
    c0: [{ f0: [{ t: 'a' }] }, { f0: [{ f0: [{ t: 'b' }] }] }, { t: 'c' }],
  });
});

test('keys that mean something to JavaScript are keys like any other', () => {
  const layout = new StagedLayout();
  const tree = JSON.parse('{"__proto__": {"toString": "x"}, "constructor": ["y"]}') as JsonObject;
  assert.deepEqual(encode(layout, tree), { c0: 'x', c1: [{ t: 'y' }] });
  assert.deepEqual([...layout.shape().fields.keys()], ['__proto__', 'constructor']);
});

test('a layout comes back from the manifest as it was', () => {
  const layout = new StagedLayout();
  encode(layout, { a: 'x', b: { '': [{ '#text': 't', n: [['deep']] }, 'plain'] }, 'c\n`': [] });
  const back = StagedLayout.fromJson(JSON.parse(JSON.stringify(layout.toJson())) as JsonObject);
  assert.deepEqual(back.toJson(), layout.toJson());
  assert.deepEqual(shapeToJson(back.shape()), shapeToJson(layout.shape()));
});

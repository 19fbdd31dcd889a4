import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonTree } from '../../../orchestrator/extract/json-tree.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import type { JsonObject } from '../../../orchestrator/types.js';

/** What the lake is given of a document with this one property. */
function staged(value: string): unknown {
  const tree = jsonTree(`{"n":${value}}`);
  assert.ok(typeof tree !== 'string', value);
  const row: JsonObject = {};
  new StagedLayout().encode(tree, row, 'a record');
  return row['c0'];
}

test('JSON text becomes an object or a reason', () => {
  assert.deepEqual(jsonTree('{"a":{"b":"1"}}'), { a: { b: '1' } });
  assert.deepEqual(jsonTree(null), {});
  assert.deepEqual(jsonTree(''), {});
  for (const text of ['null', '[1.0]', '1.0', '"x"']) assert.equal(jsonTree(text), 'is not a JSON object');
  for (const text of ['{', '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":NaN}', '{"a":+1}', '{"a":1.0,}'])
    assert.equal(jsonTree(text), 'is not valid JSON', text);
});

test('numbers keep their spelling', () => {
  for (const number of [
    ...['1.0', '1e2', '1E2', '1e+2', '0.10', '-0', '-0.0', '0e0', '1e-7', '0.0000001', '1e400', '-1e400'],
    ...[
      '9007199254740993',
      '12345678901234567890',
      '0.1234567890123456789',
      '5',
      '-7',
      '2.5',
      '1e21',
      '1e+21',
    ],
  ])
    assert.equal(staged(number), number);
});

test('whatever stands around a number, its spelling is kept', () => {
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.constantFrom('0', '1', '10', '9007199254740993'),
      fc.constantFrom('', '.0', '.50', '.25'),
      fc.constantFrom('', 'e2', 'E+2', 'e-7'),
    )
    .map((parts) => parts.join(''));
  const space = fc.constantFrom('', ' ', '\n', '\t', '\r\n  ');
  const key = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text));
  // Texts that look as if a number stood in them, or end so that one seems to follow.
  const text = fc
    .constantFrom('', ',1.0', '[1.0', '":1.0', '\\', '"', '":', ',', '5, 10:30', '{"a":1.0}')
    .map((each) => JSON.stringify(each));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, space, space, text, number), { minLength: 1 }), (entries) => {
      const written = entries.map(
        ([name, before, after, beside, digits], index) =>
          // The index keeps the keys apart.
          `"${index}${name.slice(1)}${before}:${after}[${beside}${before},${after}${digits}${before}]`,
      );
      const tree = jsonTree(`{${written.join(',')}}`) as Record<string, unknown[]>;
      const held = Object.values(tree).map(([, digits]) => String(digits));
      const wanted = new Map(
        entries.map(([name, , , , digits], index) => [`${index}${JSON.parse(name) as string}`, digits]),
      );
      assert.deepEqual(
        Object.keys(tree).map((name, index) => [name, held[index]]),
        Object.keys(tree).map((name) => [name, wanted.get(name)]),
      );
      assert.equal(held.length, entries.length);
    }),
  );
});

test('a document is the same but for its numbers, whichever way it was read', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (document) => {
      const plain = JSON.stringify(document);
      const spelled = `${plain.slice(0, -1)}${plain === '{}' ? '' : ','}"a number":1.0}`;
      const tree = jsonTree(spelled) as JsonObject;
      assert.equal(tree['a number'], '1.0');
      delete tree['a number'];
      const wanted = JSON.parse(plain, (_, value: unknown) =>
        typeof value === 'number' ? String(value) : value,
      ) as JsonObject;
      delete wanted['a number'];
      assert.deepEqual(tree, wanted);
    }),
  );
});

test('keys that mean something to JavaScript, and keys given twice, are as JSON.parse has them', () => {
  const tree = jsonTree('{"__proto__":{"x":1.0},"constructor":"c","a":"first","a":{"b":"last"}}');
  assert.deepEqual(Object.entries(tree), [
    ['__proto__', { x: '1.0' }],
    ['constructor', 'c'],
    ['a', { b: 'last' }],
  ]);
});

test('a document that nests too deep is set aside with its reason, numbers or not', () => {
  for (const leaf of ['"x"', '1.0']) {
    const deep = `${'{"a":'.repeat(200_000)}${leaf}${'}'.repeat(200_000)}`;
    assert.equal(jsonTree(deep), 'nests deeper than 1000');
  }
});

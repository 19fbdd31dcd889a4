import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EMPTY_SHAPE,
  join,
  shapeFromJson,
  shapeToJson,
  type ShapeNode,
} from '../../../orchestrator/shape/shape.js';
import type { JsonObject } from '../../../orchestrator/types.js';
import { pick, seeded } from '../../helpers/seeded.js';

const SCALAR: ShapeNode = { scalar: true, fields: new Map() };
const object = (fields: Record<string, ShapeNode>, scalar = false): ShapeNode => ({
  scalar,
  fields: new Map(Object.entries(fields)),
});
const list = (item: ShapeNode): ShapeNode => ({ ...EMPTY_SHAPE, item });

/** The order of fields is that of first sight; as shapes they are equal. */
function sorted(shape: ShapeNode): unknown {
  return {
    scalar: shape.scalar,
    fields: [...shape.fields]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
    item: shape.item === undefined ? undefined : sorted(shape.item),
  };
}

/** Shapes as they come to be: by joining what values have. An item is texts only or structs only. */
function generated(random: () => number, depth: number): ShapeNode {
  const choice = depth === 0 ? 0 : random();
  if (choice < 0.15) return EMPTY_SHAPE;
  if (choice < 0.35) return SCALAR;
  if (choice < 0.6) return join(EMPTY_SHAPE, list(generated(random, depth - 1)));
  const fields: Record<string, ShapeNode> = {};
  for (let count = Math.floor(random() * 4); count > 0; count--) {
    fields[pick(random, ['a', 'b', '#text', '@n'])] = generated(random, depth - 1);
  }
  return object(fields, random() < 0.3);
}

function shapes(count: number): ShapeNode[] {
  const random = seeded(11);
  return Array.from({ length: count }, () => generated(random, 4));
}

test('join does not depend on order: it is commutative and associative', () => {
  const all = shapes(3_000);
  all.forEach((a, index) => {
    const b = all[(index * 7 + 1) % all.length] ?? EMPTY_SHAPE;
    const c = all[(index * 13 + 5) % all.length] ?? EMPTY_SHAPE;
    assert.deepEqual(sorted(join(a, b)), sorted(join(b, a)));
    assert.deepEqual(sorted(join(join(a, b), c)), sorted(join(a, join(b, c))));
  });
});

test('join is idempotent and only goes up', () => {
  const all = shapes(3_000);
  all.forEach((a, index) => {
    const b = all[(index * 7 + 1) % all.length] ?? EMPTY_SHAPE;
    const both = join(a, b);
    assert.deepEqual(sorted(join(both, a)), sorted(both));
    assert.deepEqual(sorted(join(both, both)), sorted(both));
  });
});

test('text and object of one path live side by side', () => {
  assert.deepEqual(join(SCALAR, object({ a: SCALAR })), object({ a: SCALAR }, true));
});

test('a list takes over: what was single becomes its item', () => {
  assert.deepEqual(join(SCALAR, list(EMPTY_SHAPE)), list(SCALAR));
  assert.deepEqual(
    join(object({ a: SCALAR }), list(object({ b: SCALAR }))),
    list(object({ a: SCALAR, b: SCALAR })),
  );
});

test('among structs a text is the field #text', () => {
  assert.deepEqual(
    join(list(SCALAR), list(object({ a: SCALAR }))),
    list(object({ a: SCALAR, '#text': SCALAR })),
  );
  assert.deepEqual(
    join(list(SCALAR), list(object({ '#text': list(SCALAR) }))),
    list(object({ '#text': list(SCALAR) })),
    'also when #text is a list itself',
  );
});

test('a shape comes back from the ledger as it was, hostile keys too', () => {
  const hostile = object({ a: SCALAR });
  const shape = {
    scalar: false,
    fields: new Map([
      ['__proto__', hostile],
      ['constructor', list(hostile)],
    ]),
  };
  assert.deepEqual(shapeFromJson(shapeToJson(shape)), shape);
  for (const each of shapes(500)) {
    assert.deepEqual(
      sorted(shapeFromJson(JSON.parse(JSON.stringify(shapeToJson(each))) as JsonObject)),
      sorted(each),
    );
  }
});

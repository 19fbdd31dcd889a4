import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topDown, typeChanges } from '../../../orchestrator/plan/location-types.js';
import type { LocationType } from '../../../orchestrator/types.js';

const MODIFIED = '2024-05-02T09:14:03.120394Z';

function type(id: number, parent: number | null, more: Partial<LocationType> = {}): LocationType {
  const parentTypeId = parent === null ? null : BigInt(parent);
  return {
    id: BigInt(id),
    name: `Type ${id}`,
    code: `t${id}`,
    parentTypeId,
    lastModified: MODIFIED,
    ...more,
  };
}

/** Numbers are not in the order of the levels: HQ gives them as types are made. */
const STATE = type(9, null);
const DISTRICT = type(4, 9);
const CLINIC = type(7, 4);

test('types that are as they were are no news, in whatever order they come', () => {
  assert.deepEqual(typeChanges([STATE, DISTRICT, CLINIC], [CLINIC, STATE, DISTRICT]), {
    changed: [],
    gone: false,
  });
  assert.deepEqual(typeChanges([], []), { changed: [], gone: false });
});

test('a type is changed when its name, code, parent or time is another, or when it is new', () => {
  const others: readonly Partial<LocationType>[] = [
    { name: 'Health centre' },
    { code: 'centre' },
    { code: null },
    { parentTypeId: 9n },
    { parentTypeId: null },
    { lastModified: '2024-05-02T09:14:03.120395Z' },
  ];
  for (const other of others) {
    const now = [STATE, DISTRICT, { ...CLINIC, ...other }];
    assert.deepEqual(typeChanges([STATE, DISTRICT, CLINIC], now), { changed: [7n], gone: false });
  }
  assert.deepEqual(typeChanges([STATE], [STATE, DISTRICT]), { changed: [4n], gone: false });
});

test('a type that is not there any more is told apart from those that are other now', () => {
  assert.deepEqual(typeChanges([STATE, DISTRICT, CLINIC], [STATE, DISTRICT]), { changed: [], gone: true });
  const made = type(12, 9);
  assert.deepEqual(typeChanges([STATE, DISTRICT], [STATE, made]), { changed: [12n], gone: true });
});

test('of several changed types the upper levels come first, whatever their numbers', () => {
  assert.deepEqual(typeChanges([], [CLINIC, DISTRICT, STATE]).changed, [9n, 4n, 7n]);
  const renamed = [type(9, null, { name: 'a' }), DISTRICT, type(7, 4, { name: 'b' })];
  assert.deepEqual(typeChanges([STATE, DISTRICT, CLINIC], renamed).changed, [9n, 7n]);
});

test('types whose parents go round in a circle, or are another domain’s, are in one order all the same', () => {
  const circle = [type(1, 3), type(2, 1), type(3, 2), type(5, 77)];
  const all = new Set([1n, 2n, 3n, 5n]);
  assert.deepEqual(topDown(circle, all), topDown([...circle].reverse(), all));
  assert.equal(topDown(circle, all)[0], 5n);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOTHING_RESERVED } from '../../../orchestrator/shape/column-limit.js';
import type { ShapedColumn } from '../../../orchestrator/shape/columns.js';
import { StagedLayout, type LayoutNode } from '../../../orchestrator/shape/layout.js';
import { shapeFromJson } from '../../../orchestrator/shape/shape.js';
import { targetShape, type TargetShape } from '../../../orchestrator/shape/target-shape.js';
import type { HomelessKey } from '../../../orchestrator/shape/turned-away.js';
import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import { differencesOf, findLimited, type Leaf } from '../../shapes/find-limited.js';
import { caseHabits, caseTree } from '../../shapes/generate.js';
import { Spelled, type Tree, type Value } from '../../shapes/tree.js';

function plain(value: Value): JsonValue {
  if (value instanceof Spelled) return value.text;
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? object(value) : value;
}

function object(tree: Tree): JsonObject {
  return Object.fromEntries([...tree].map(([key, value]) => [key, plain(value)]));
}

interface Told {
  readonly inColumns: Leaf[];
  readonly over: [key: string, text: string][];
}

/** A staged row as the lane's SELECT takes it apart: what it lifts into columns, what it puts into `_overflow`. */
function takeApart(layout: StagedLayout, target: TargetShape, row: JsonObject): Told {
  const told: Told = { inColumns: [], over: [] };
  for (const { key, value } of (row['over'] ?? []) as { key: string; value: string }[])
    told.over.push([key, value]);
  const see = (
    node: LayoutNode,
    cells: JsonObject,
    homeless: readonly HomelessKey[],
    at: { place: Leaf['place']; key: string },
  ): void => {
    const lost = new Map(homeless.map((each) => [each.staged, each]));
    const text = node.scalar === undefined ? undefined : cells[node.scalar];
    if (typeof text === 'string' && node.scalar !== undefined) {
      const key = lost.get(node.scalar);
      if (key === undefined) told.inColumns.push({ place: at.place, text });
      else told.over.push([`${at.key}${key.part}`, text]);
    }
    const { list } = node;
    const items = list === undefined ? [] : ((cells[list.key] ?? []) as (JsonObject | null)[]);
    items.forEach((item, index) => {
      if (item === null || list === undefined) return;
      const whole = lost.get(list.key);
      see(list.item, item, whole?.items ?? [], {
        place: [...at.place, index],
        key: `${at.key}${whole?.part ?? ''}[${index}]`,
      });
    });
    for (const [name, child] of node.fields ?? [])
      see(child, cells, homeless, { place: [...at.place, name], key: at.key });
  };
  see(layout.root, row, target.homeless, { place: [], key: '' });
  return told;
}

const isCounted = (key: string | number | null): boolean => typeof key === 'string' && key !== '#text';

/** Paths of columns and of fields in lists; their number is what the limit is for. */
function pathsOf(columns: readonly ShapedColumn[]): string[] {
  return columns.flatMap(({ path, type }) =>
    type.kind === 'list' && type.item.kind === 'struct'
      ? pathsOf(type.item.fields)
      : [JSON.stringify(path.filter(isCounted))],
  );
}

const batches = caseHabits.chain((habits) =>
  fc.array(
    fc.record({
      trees: fc.array(caseTree(habits), { minLength: 1, maxLength: 4 }),
      /** Batches before it that have not merged when it is staged. */
      ahead: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
);

test('whatever comes in whatever batches, each text is in a column or under its key, and columns stay within the limit', () => {
  let [homeless, over] = [0, 0];
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 12 }), (drawn, limit) => {
      const tables: { kind: 'case'; shape: JsonObject; names: JsonObject; types: JsonObject }[] = [
        { kind: 'case', shape: {}, names: {}, types: {} },
      ];
      for (const [index, { trees, ahead }] of drawn.entries()) {
        const seen = tables[Math.max(0, index - ahead)];
        const known = shapeFromJson(seen?.shape ?? {});
        const layout = new StagedLayout({
          columns: limit,
          reserved: NOTHING_RESERVED,
          known,
          prefix: 'case_json',
        });
        const rows = trees.map((tree) => {
          const row: JsonObject = {};
          layout.encode(object(tree), row, 'a record');
          return row;
        });
        const before = tables.at(-1);
        assert.ok(before !== undefined);
        const back = StagedLayout.fromJson(JSON.parse(JSON.stringify(layout.toJson())) as JsonObject);
        const target = targetShape(before, back, []);
        homeless += target.homeless.length;
        const paths = pathsOf(target.after);
        assert.ok(paths.length <= limit, `${paths.length} columns`);
        const columns = new Set(paths);
        for (const [at, tree] of trees.entries()) {
          const told = takeApart(back, target, rows[at] ?? {});
          over += told.over.length;
          assert.deepEqual(differencesOf('case_json', tree, told.over, told.inColumns), []);
          for (const { place } of told.inColumns)
            assert.ok(
              columns.has(JSON.stringify(place.filter((key) => isCounted(key)))),
              `a column for ${JSON.stringify(place)}, of ${paths.join(' ')}`,
            );
        }
        tables.push({ kind: 'case', shape: target.shape, names: target.names, types: target.types });
      }
    }),
    { numRuns: 1_500 },
  );
  assert.ok(homeless > 50 && over > 500, `${homeless} and ${over} texts without a column were drawn`);
});

test('a text that is in no column, in both places, or under a wrong key is told', () => {
  const tree: Tree = new Map<string, Value>([
    ['a', '1'],
    ['b', ['2', new Map([['c', '3']])]],
  ]);
  const fields = [{ name: 'case_json__a', type: 'string' }];
  const table = { fields, prefix: 'case_json', names: { '["a"]': 'case_json__a' }, limit: 1 };
  const told = (row: Record<string, string | readonly (readonly string[])[]>): number =>
    findLimited(table, [{ tree, row, where: 'x' }]).length;
  const over = [
    ['case_json__b[0]', '2'],
    ['case_json__b[1].c', '3'],
  ] as const;
  assert.equal(told({ case_json__a: '1', _overflow: over }), 0);
  assert.equal(told({ case_json__a: '1' }), 2);
  assert.equal(told({ case_json__a: '1', _overflow: [...over, ['case_json__a', '1']] }), 1);
  assert.equal(told({ case_json__a: '1', _overflow: [over[0], ['case_json__b[1]__c', '3']] }), 2);
  assert.equal(told({ _overflow: over }), 1);
  const wide = { ...table, fields: [...fields, { name: 'case_json__d', type: 'string' }] };
  assert.equal(findLimited(wide, []).length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ColumnNames, shapedColumns, type ShapedColumn } from '../../../orchestrator/shape/columns.js';
import { foldCase } from '../../../orchestrator/shape/fold-case.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import { spellingsOf } from '../../shapes/column-rules.js';
import { caseHabits, caseTree, formHabits, formTree } from '../../shapes/generate.js';
import { isListOfTexts, leavesOf, shapeOf, type Leaf } from '../../shapes/shape-rules.js';
import { Spelled, type Tree, type Value } from '../../shapes/tree.js';

function plain(value: Value): JsonValue {
  if (value instanceof Spelled) return value.text;
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? object(value) : value;
}

function object(tree: Tree): JsonObject {
  return Object.fromEntries([...tree].map(([key, value]) => [key, plain(value)]));
}

/** Path and kind of every column, as the tests' own rules have them. */
function byRules(leaves: readonly Leaf[], above: readonly (string | null)[] = []): string[] {
  return leaves.flatMap(({ keys, item }) => {
    const path = [...above, ...keys];
    if (item === undefined) return [`${JSON.stringify(path)} text`];
    if (isListOfTexts(item)) return [`${JSON.stringify(path)} texts`];
    return [`${JSON.stringify(path)} structs`, ...byRules(leavesOf(item), [...path, null])];
  });
}

/** The same, as the product has them. */
function byProduct(columns: readonly ShapedColumn[]): string[] {
  return columns.flatMap(({ path, type }) => {
    if (type.kind !== 'list') return [`${JSON.stringify(path)} text`];
    if (type.item.kind !== 'struct') return [`${JSON.stringify(path)} texts`];
    return [`${JSON.stringify(path)} structs`, ...byProduct(type.item.fields)];
  });
}

function* columnsWithPrefix(
  columns: readonly ShapedColumn[],
  prefix: readonly string[],
): Generator<{ readonly column: ShapedColumn; readonly plain: string }> {
  for (const column of columns) {
    const own = column.path.slice(column.path.lastIndexOf(null) + 1);
    yield { column, plain: [...prefix, ...own].join('__') };
    if (column.type.kind === 'list' && column.type.item.kind === 'struct')
      yield* columnsWithPrefix(column.type.item.fields, []);
  }
}

const documents = fc.oneof(
  caseHabits.chain((habits) => fc.array(caseTree(habits), { maxLength: 6 })),
  formHabits.chain((habits) => fc.array(formTree(habits), { maxLength: 6 })),
);

test('the rules the tests were written from give the columns that the product makes, each of a name it may have', () => {
  fc.assert(
    fc.property(documents, (trees) => {
      const layout = new StagedLayout();
      for (const tree of trees) layout.encode(object(tree), {}, 'a record');
      const columns = shapedColumns(layout.shape(), 'case_json', new ColumnNames(), []);
      assert.deepEqual(byRules(leavesOf(shapeOf(trees))).sort(), byProduct(columns).sort());
      for (const { column, plain: wanted } of columnsWithPrefix(columns, ['case_json']))
        assert.ok(spellingsOf(wanted, column.path).has(column.name), `${column.name} for ${wanted}`);
      assert.equal(new Set(columns.map(({ name }) => foldCase(name))).size, columns.length);
    }),
    { numRuns: 1_000 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeColumnName, type ShapedColumn } from '../../../orchestrator/shape/columns.js';
import { foldCase } from '../../../orchestrator/shape/fold-case.js';
import { StagedLayout } from '../../../orchestrator/shape/layout.js';
import { shapeFromJson, shapeToJson } from '../../../orchestrator/shape/shape.js';
import { targetShape } from '../../../orchestrator/shape/target-shape.js';
import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import { hex8, hostileKey } from '../../helpers/hostile-keys.js';

const PREFIX = 'case_json__';
const FIXED = ['_id', 'name', 'month', 'Case_Json__a', 'case_json__SELECT'];

const key = hostileKey(PREFIX);
const value = fc.letrec<{ value: JsonValue; tree: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: fc.constant('x') },
    { weight: 2, arbitrary: tie('tree') },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 2 }) },
  ),
  tree: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
}));

interface Table {
  shape: JsonObject;
  names: JsonObject;
}

/** One batch merged, the ledger's jsonb included. */
function merged(
  table: Table,
  trees: readonly JsonObject[],
): { table: Table; columns: readonly ShapedColumn[] } {
  const layout = new StagedLayout();
  for (const tree of trees) layout.encode(tree, {}, 'a record');
  const target = targetShape({ kind: 'case', types: {}, ...table }, layout, FIXED);
  return {
    table: { shape: throughJsonb(target.shape), names: throughJsonb(target.names) },
    columns: target.after,
  };
}

function throughJsonb(json: JsonObject): JsonObject {
  const text = JSON.stringify(json);
  // What Postgres' jsonb refuses, as an escape that is not itself escaped.
  const escapes = text.match(/\\(?:u[0-9a-f]{4}|.)/g) ?? [];
  const refused = escapes.filter((each) => /^\\u(?:0000|d[89ab]|d[cdef])/.test(each));
  assert.deepEqual(refused, [], 'jsonb can hold it');
  return JSON.parse(text) as JsonObject;
}

/** Every scope's names: the table, and the struct of each list. */
function* scopes(columns: readonly ShapedColumn[]): Generator<readonly ShapedColumn[]> {
  yield columns;
  for (const { type } of columns)
    if (type.kind === 'list' && type.item.kind === 'struct') yield* scopes(type.item.fields);
}

function namesByPath(columns: readonly ShapedColumn[]): Map<string, string> {
  return new Map([...scopes(columns)].flat().map(({ path, name }) => [JSON.stringify(path), name] as const));
}

test('whatever the fields are called, and in whatever order they come, each has a name that nothing else takes', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value.tree, { maxLength: 3 }), { maxLength: 5 }), (batches) => {
      let table: Table = { shape: {}, names: {} };
      const given = new Map<string, string>();
      for (const batch of batches) {
        const after = merged(table, batch);
        table = after.table;
        for (const scope of scopes(after.columns)) {
          const own = scope.map(({ name }) => foldCase(name));
          const all = scope === after.columns ? [...own, ...FIXED.map(foldCase)] : own;
          assert.equal(new Set(all).size, all.length, JSON.stringify(scope.map(({ name }) => name)));
          for (const { name } of scope) assert.doesNotMatch(name, /[\0\t\n ,;{}()=\p{Cs}]/u);
        }
        for (const [path, name] of namesByPath(after.columns)) {
          assert.equal(name, given.get(path) ?? name, `the name of ${path} stays`);
          given.set(path, name);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('no two names are one when encoded, and each can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), key, (any, hostile) => {
      for (const plain of [any, hostile]) {
        const read = encodeColumnName(plain).replace(
          /~(D[89A-F][0-9A-F]{2}|[0-9A-F]{2})/g,
          (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)),
        );
        assert.equal(read, plain);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('half a surrogate pair and NUL are encoded: written as UTF-8 all halves would be one letter', () => {
  assert.equal(encodeColumnName('a\ud800\0\udfff😀'), 'a~D800~00~DFFF😀');
});

test('a field that is called what the hash makes of another, again and again, takes nothing from it', () => {
  const [dob, path] = ['case_json__dob', '["dob"]'];
  const thieves = [hex8(dob), hex8(path), hex8(`2:${path}`)].map((hash) => `dob__${hash}`);
  const { table, columns } = merged({ shape: {}, names: {} }, [
    Object.fromEntries(['DOB', ...thieves].map((each) => [each, 'x'])),
  ]);
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['case_json__DOB', ...thieves.map((each) => `case_json__${each}`)],
  );
  const last = merged(table, [{ dob: 'x' }]).columns.at(-1);
  assert.equal(last?.name, `case_json__dob__${hex8(`3:${path}`)}`);
});

test("a shape comes back from the ledger's jsonb as it was", () => {
  fc.assert(
    fc.property(fc.array(value.tree), (trees) => {
      const layout = new StagedLayout();
      for (const tree of trees) layout.encode(tree, {}, 'a record');
      const shape = layout.shape();
      assert.deepEqual(shapeFromJson(throughJsonb(shapeToJson(shape))), shape);
    }),
  );
});

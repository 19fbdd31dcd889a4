import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashKeyCheck, requireHashKey } from '../../../orchestrator/config/hash-key.js';
import {
  loadLakeConfig,
  parseLakeConfig,
  parseStoredConfig,
  tableConfig,
} from '../../../orchestrator/config/lake.js';
import type { Transform } from '../../../orchestrator/config/transforms.js';
import { LakeError } from '../../../orchestrator/errors.js';

const HEAD = `domains:
  d:
    tables:
      raw_child_case:
        transforms:
`;

function transformsOf(steps: string): readonly Transform[] {
  return tableConfig(parseLakeConfig(HEAD + steps), 'd', 'raw_child_case').transforms;
}

function faults(text: string): string[] {
  try {
    parseLakeConfig(text);
  } catch (thrown) {
    assert.ok(thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID');
    return thrown.facts['faults'] as string[];
  }
  return assert.fail('it was taken');
}

test('steps are read in their order; drop is a mask that leaves nothing', () => {
  assert.deepEqual(
    transformsOf(`          - mask: {column: case_json__phone, with: hash}
          - mask: {column: [case_json__dob, opened_on], with: year}
          - drop: [name, indices]
          - drop: case_json__notes
          - filter: {column: closed, is: false}
`),
    [
      { kind: 'mask', columns: ['case_json__phone'], with: 'hash' },
      { kind: 'mask', columns: ['case_json__dob', 'opened_on'], with: 'year' },
      { kind: 'mask', columns: ['name', 'indices'], with: 'drop' },
      { kind: 'mask', columns: ['case_json__notes'], with: 'drop' },
      { kind: 'filter', keep: { column: 'closed', tests: { is: false } } },
    ],
  );
});

test('conditions nest', () => {
  assert.deepEqual(
    transformsOf(`          - filter:
              any:
                - {column: case_json__age, at_least: 15, below: 50}
                - all: [{column: case_json__sex, in: [f, x]}, {column: case_json__died, present: false}]
`),
    [
      {
        kind: 'filter',
        keep: {
          any: [
            { column: 'case_json__age', tests: { at_least: 15, below: 50 } },
            {
              all: [
                { column: 'case_json__sex', tests: { in: ['f', 'x'] } },
                { column: 'case_json__died', tests: { present: false } },
              ],
            },
          ],
        },
      },
    ],
  );
});

test('every fault of a transform is told at once, with its line and column', () => {
  const found = faults(`${HEAD}          - mask: {column: _id, with: hash}
          - mask: {column: case_json__phone, with: hsah}
          - mask: {columns: case_json__phone, with: hash}
          - drop: [case_json__a, month]
          - mask: {column: [opened_on, closed], with: hash}
          - mask: {column: [name, latitude], with: year}
          - mask: {column: nmae, with: drop}
          - filter: {column: case_json__a}
          - filter: {is: 1}
          - filter: {any: [{column: case_json__a, iz: 1}]}
          - filter: {column: case_json__a, matches: "("}
          - drop: case_json__a
            filter: {column: case_json__a, is: 1}
          - hook: /etc/hook.ts
          - hook: hook.py
          - maks: {column: case_json__a, with: hash}
          - {}
`);
  const expected = [
    /:6:28: .*"_id" can't be masked/,
    /:7:52: .*must be one of hash, year, drop \(did you mean "hash"\?\)/,
    /:8:19: .*column/,
    /:8:20: .*unknown key "columns" \(did you mean "column"\?\)/,
    /:9:34: .*"month" can't be masked/,
    /:10:29: .*"opened_on" is a TIMESTAMP/,
    /:10:40: .*"closed" is a BOOLEAN/,
    /:11:35: .*"latitude" is a DOUBLE, no date/,
    /:12:28: .*"nmae" is no column \(did you mean "name"\?\)/,
    /:13:21: .*must say what the column has to be: is, is_not, in/,
    /:14:21: .*must have one of column, any and all/,
    /:14:21: .*is: of which column\?/,
    /:15:28: .*must say what the column has to be/,
    /:15:51: .*unknown key "iz" \(did you mean "is"\?\)/,
    /:16:53: .*must be a regular expression/,
    /:17:13: .*must be one of mask, drop, filter, hook; their order counts/,
    /:19:19: .*must be a path relative to lake\.yaml/,
    /:20:19: .*must be a module/,
    /:21:13: .*unknown key "maks" \(did you mean "mask"\?\)/,
    /:21:13: .*must be one of mask, drop, filter, hook/,
    /:22:13: .*must be one of mask, drop, filter, hook/,
  ];
  assert.equal(found.length, expected.length, found.join('\n'));
  for (const [at, pattern] of expected.entries()) assert.match(found[at] ?? '', pattern);
});

test('a hook is read beside lake.yaml, and is part of what the configuration is', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hooks-'));
  t.after(() => {
    rmSync(dir, { recursive: true });
  });
  const file = join(dir, 'lake.yaml');
  writeFileSync(file, `${HEAD}          - hook: child.ts\n`);
  assert.throws(() => loadLakeConfig(file), /lake\.yaml:6:19: .*"child\.ts" cannot be read \(ENOENT/);
  writeFileSync(join(dir, 'child.ts'), 'export default (record) => record;');
  const one = loadLakeConfig(file);
  assert.deepEqual([...one.hooks], [['child.ts', 'export default (record) => record;']]);
  writeFileSync(join(dir, 'child.ts'), 'export default () => null;');
  assert.notEqual(loadLakeConfig(file).sha256, one.sha256);
  // What the ledger keeps is the configuration, whatever became of the file.
  assert.equal(parseStoredConfig(one).sha256, one.sha256);
  assert.throws(() => parseStoredConfig({ ...one, hooks: new Map() }), /is not kept with this configuration/);
});

test('a mask by hash wants a key, and only then the key counts', () => {
  const hashed = parseLakeConfig(`${HEAD}          - mask: {column: case_json__phone, with: hash}\n`);
  const dropped = parseLakeConfig(`${HEAD}          - drop: case_json__phone\n`);
  const key = { TRANSFORM_HASH_KEY: 'k'.repeat(32) };
  assert.throws(() => {
    requireHashKey({}, hashed);
  }, /TRANSFORM_HASH_KEY: is not set, and lake\.yaml masks by hash \(d > raw_child_case\)/);
  requireHashKey(key, hashed);
  requireHashKey({}, dropped);
  assert.equal(hashKeyCheck(key, dropped), null);
  const check = hashKeyCheck(key, hashed);
  assert.match(check ?? '', /^[0-9a-f]{16}$/);
  assert.notEqual(hashKeyCheck({ TRANSFORM_HASH_KEY: 'l'.repeat(32) }, hashed), check);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeclaredType } from '../../../orchestrator/config/declared-type.js';
import { parseLakeConfig, tableConfig } from '../../../orchestrator/config/lake.js';
import { LakeError } from '../../../orchestrator/errors.js';

test('each type word is read, blanks and case aside; anything else is none', () => {
  const good = {
    string: { list: false, scalar: 'string' },
    ' Long ': { list: false, scalar: 'long' },
    'decimal(10, 2)': { list: false, scalar: 'decimal(10,2)' },
    list: { list: true, scalar: 'string' },
    'list<date>': { list: true, scalar: 'date' },
    'list<decimal(38,38)>': { list: true, scalar: 'decimal(38,38)' },
  };
  for (const [text, type] of Object.entries(good)) assert.deepEqual(parseDeclaredType(text), type, text);
  for (const text of [
    '',
    'int',
    'decimal',
    'decimal(39,0)',
    'decimal(2,3)',
    'decimal(0,0)',
    'list<list>',
    'list<>',
  ])
    assert.equal(parseDeclaredType(text), undefined, text);
});

test('a declaration is found by the name of the table and the column, lists on the way and case aside', () => {
  const config = parseLakeConfig(`domains:
  d:
    tables:
      raw_child_case:
        types: {'case_json__Visits[].weight': double, 'case_json__tags[]': long}
`);
  const types = tableConfig(config, 'd', 'RAW_child_case').types;
  assert.deepEqual(types.get('case_json__visits__weight'), { list: false, scalar: 'double' });
  assert.deepEqual(types.get('case_json__tags'), { list: false, scalar: 'long' });
  assert.equal(tableConfig(config, 'd', 'other').types.size, 0);
  assert.equal(tableConfig(config, 'other', 'raw_child_case').types.size, 0);
});

test('unknown types, HQ’s own fields and a column declared twice are faults, each with its place', () => {
  assert.throws(
    () =>
      parseLakeConfig(`domains:
  d:
    tables:
      raw_child_case:
        types:
          case_json__a: number
          opened_on: date
          case_json__b[].c: long
          case_json__b__c: double
        typos: {}
`),
    (thrown: unknown) => {
      assert.ok(thrown instanceof LakeError);
      const faults = thrown.facts['faults'] as string[];
      const expected = [/:6:25: .*must be one of string, long/, /:7:22: .*is no column that takes a type/];
      expected.push(
        /:9:28: .*declares again what "case_json__b\[\]\.c" does/,
        /:10:9: .*unknown key "typos".*"types"/,
      );
      assert.equal(faults.length, expected.length, faults.join('\n'));
      for (const [at, pattern] of expected.entries()) assert.match(faults[at] ?? '', pattern);
      return true;
    },
  );
});

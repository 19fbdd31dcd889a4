import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExpression } from '../../../orchestrator/config/expression.js';
import { parseLakeConfig, tableConfig } from '../../../orchestrator/config/lake.js';
import { LakeError } from '../../../orchestrator/errors.js';

const EXPRESSIONS: Readonly<Record<string, readonly string[]>> = {
  'floor(datediff(received_on, to_date(dob)) / 365.25)': ['received_on', 'dob'],
  "CASE WHEN case_json__a = 'it''s; -- no /* comment' THEN \"x\" ELSE `odd ``name` END": [
    'CASE',
    'WHEN',
    'case_json__a',
    'THEN',
    'ELSE',
    'odd `name',
    'END',
  ],
  'transform(a, x -> x.weight * 1e-3)[0]': ['a', 'x'],
  'r.`select`.with': ['r'],
  '-1.5E+3 <=> a::double': ['a', 'double'],
};

test('an expression is taken with the columns it reads', () => {
  for (const [text, reads] of Object.entries(EXPRESSIONS)) {
    const read = readExpression(text);
    assert.ok(typeof read !== 'string', `${text}: ${JSON.stringify(read)}`);
    assert.equal(read.text, text);
    assert.deepEqual(read.reads, reads);
  }
  assert.deepEqual(readExpression(' a +\n  b\n'), { text: 'a + b', reads: ['a', 'b'] });
});

test('what is more than one expression, or another thing, is refused', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    '': /is empty/,
    'a; DROP TABLE x': /";"/,
    'a -- b': /comment/,
    'a /* b */': /comment/,
    '(SELECT 1)': /SELECT/,
    'a IN (select b FROM c)': /SELECT/,
    '(FROM x)': /FROM/,
    'a) , (b': /closes nothing/,
    'a) AS b, (c': /closes nothing/,
    '(a': /lacks a \)/,
    '(a]': /closes nothing/,
    "'open": /"'"/,
    "'two\nlines'": /"'"/,
    "r'a'": /raw text/,
    'row_number() over (order by a)': /OVER/,
    "reflect('java.lang.System', 'exit', 1)": /REFLECT/,
    'a |> b': /\|>/,
    '${x}': /"\$"/,
    'a @ b': /"@"/,
    ':parameter': /":"/,
  };
  for (const [text, reason] of Object.entries(refused)) {
    const fault = readExpression(text);
    assert.ok(typeof fault === 'string', text);
    assert.match(fault, reason, text);
  }
});

const table = (settings: string): string => `domains:
  d:
    location_levels: [village]
    tables:
      raw_child_case:
${settings}`;

test('renamed and derived columns are read', () => {
  const config = parseLakeConfig(
    table(`        rename: {case_json__DOB: born}
        derive:
          age: {sql: "year(current_date()) - year(born)", type: long}
`),
  );
  const { rename, derive } = tableConfig(config, 'd', 'raw_child_case');
  assert.deepEqual([...rename], [['case_json__dob', 'born']]);
  assert.deepEqual(derive, [
    { name: 'age', sql: 'year(current_date()) - year(born)', type: 'long', reads: ['born'] },
  ]);
});

test('every fault of them is told with its line and column', () => {
  const faults = (settings: string): string[] => {
    try {
      parseLakeConfig(table(settings));
    } catch (thrown) {
      assert.ok(thrown instanceof LakeError);
      return thrown.facts['faults'] as string[];
    }
    return assert.fail('it was taken');
  };
  const found = faults(`        rename:
          name: child_name
          case_json__a: case_json__b
          case_json__c[].d: e
          case_json__f: twice
          case_json__g: TWICE
          case_json__h: owner_id
          case_json__i: "a b"
        derive:
          x: {sql: "(SELECT 1)", type: list<long>}
          y: {sqll: "1", type: long}
`);
  const expected = [
    /:7:17: .*can not be renamed/,
    /:8:25: .*begins as HQ's own/,
    /:9:29: .*can not be renamed/,
    /:11:25: .*given twice/,
    /:12:25: .*column of HQ's own/,
    /:13:25: .*can't be a column's name/,
    /:15:20: .*SELECT/,
    /:15:40: .*must be one of string, long/,
    /:16:14: .*sql: expected string/,
    /:16:15: .*unknown key "sqll" \(did you mean "sql"\?\)/,
  ];
  assert.equal(found.length, expected.length, found.join('\n'));
  for (const [at, pattern] of expected.entries()) assert.match(found[at] ?? '', pattern);
  assert.match(
    faults('        rename: {case_json__a: village_id}\n')[0] ?? '',
    /"village_id" is a column already/,
  );
  assert.match(
    faults('        rename: {case_json__a: x}\n        derive: {X: {sql: "1", type: long}}\n')[0] ?? '',
    /"X" is a column already/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lakeLines, parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { suspicionsOfTables } from '../../../orchestrator/config/transform-suspicions.js';
import { knownColumns } from '../../../orchestrator/transform/known-columns.js';

const TEXT = `domains:
  d:
    location_levels: [state]
    cases: {child: {}}
    tables:
      raw_child_case:
        types: {case_json__age: long}
        transforms:
          - mask: {column: case_json__age, with: hash}
          - mask: {column: [form__x, state_id, case_json__visits__weight], with: drop}
          - filter: {any: [{column: case_json__fone, is: 1}, {column: closed, is: true}]}
      raw_visit_form:
        transforms: [{mask: {column: user_id, with: hash}}]
      raw_chidl_case: {}
      child: {}
`;

const NAMES = {
  '["phone"]': 'case_json__phone',
  '["age"]': 'case_json__age',
  '["visits"]': 'case_json__visits',
  '["visits",null,"weight"]': 'weight',
};

test('what looks odd is told with its line: without the ledger, and with what it knows', () => {
  const config = parseLakeConfig(TEXT);
  const told = (known?: Parameters<typeof suspicionsOfTables>[1]): string[] =>
    lakeLines(TEXT, 'lake.yaml', suspicionsOfTables(config, known)).map((line) =>
      line.replace(/^lake\.yaml:(\d+:\d+): .*?: (?=["a-z])/, '$1 ').replace(/.* > transforms( > \d)?: /, ''),
    );
  const always = [
    /case_json__age" has a declared type/,
    /"form__x" is no column of a table of cases/,
    /form__meta__userID holds the same/,
    /no table is called so/,
  ];
  const found = told();
  assert.equal(found.length, always.length, found.join('\n'));
  for (const [at, pattern] of always.entries()) assert.match(found[at] ?? '', pattern);
  const columns = knownColumns('case', NAMES);
  assert.deepEqual(columns, [
    'case_json__phone',
    'case_json__age',
    'case_json__visits',
    'case_json__visits__weight',
  ]);
  const more = told(() => new Map([['raw_child_case', columns]]));
  const asked = [
    always[0],
    always[1],
    /no column "case_json__fone" so far \(did you mean "case_json__phone"\?\)/,
    /no such table yet/,
    always[2],
    /no such table yet \(did you mean "raw_child_case"\?\)/,
    always[3],
  ];
  assert.equal(more.length, asked.length, more.join('\n'));
  for (const [at, pattern] of asked.entries()) assert.match(more[at] ?? '', pattern ?? /never/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseColumns } from '../../../orchestrator/shape/table-columns.js';
import { isWorthCompiling } from '../../../orchestrator/sql/worth-compiling.js';
import { baseFields, fieldsOf, script, targetOf, type LaneFacts } from './lane-fixture.js';

const PROMOTED: LaneFacts = {
  kind: 'case',
  table: 'raw_a_case',
  before: [{ x: '1', o: { p: '2' } }],
  batch: [{ x: ['3'] }],
};
const BASE = baseFields(baseColumns('case', ['state', 'district']).map((column) => column.name));
const AFTER = fieldsOf(targetOf([{ x: ['3'], o: { p: '2' } }]));

/** As the runner cuts a script: a statement ends with a line that is exactly `;`. */
const statements = (text: string): string[] =>
  text
    .split(/^;$/m)
    .map((each) => each.trim())
    .filter((each) => each !== '');

test('a script is statements that each end with a line of its own, also with names that hold line ends', () => {
  const text = script({ kind: 'case', table: 't', batch: [{ '\n;\n': 'x', 'a\r\n;': [{ '\n;\n': '1' }] }] });
  const verbs = statements(text).map((each) => each.replace(/^(--.*\n)+/, '').split(/\s/)[0]);
  assert.deepEqual(verbs, [
    ...['SET', 'CREATE', 'CREATE', 'CREATE'],
    ...['SET', 'ALTER', 'SET', 'SET', 'CREATE', 'MERGE'],
  ]);
});

test('records that are all new are inserted, never searched for, and nothing else changes', () => {
  const [merge, inserts] = [false, true].map((allNew) => statements(script({ ...PROMOTED, allNew })));
  assert.ok(merge !== undefined && inserts !== undefined);
  assert.match(merge.at(-1) ?? '', /WHEN MATCHED[^]+WHEN NOT MATCHED/);
  assert.equal(inserts.at(-1), merge.at(-1)?.replace(/WHEN MATCHED[^]+(?=WHEN NOT MATCHED)/, ''));
  assert.deepEqual(inserts.slice(0, -1), merge.slice(0, -1));
});

test('a large MERGE is compiled, after a rewrite has gone back to the settings of the driver, and keeps its text', () => {
  const [small, large] = [false, true].map((isLarge) => statements(script({ ...PROMOTED, isLarge })));
  assert.ok(small !== undefined && large !== undefined);
  const merge = small.findLastIndex((each) => each.includes('txnAppId'));
  assert.deepEqual(large.slice(0, merge), small.slice(0, merge));
  assert.match(large[merge] ?? '', /SET spark\.sql\.codegen\.wholeStage=true/);
  assert.match(large[merge + 1] ?? '', /SET spark\.sql\.codegen\.factoryMode=FALLBACK/);
  const withoutComments = (each: string): string => each.replace(/^(--.*\n)+/, '');
  assert.deepEqual(large.slice(merge + 2).map(withoutComments), small.slice(merge).map(withoutComments));
});

test('a MERGE is worth compiling by the ids it compares, of the table or of the batch', () => {
  assert.equal(isWorthCompiling({ tableRows: 49_000, stagedRows: 1_000 }), false);
  assert.equal(isWorthCompiling({ tableRows: 49_001, stagedRows: 1_000 }), true);
  assert.equal(isWorthCompiling({ tableRows: 0, stagedRows: 50_001 }), true);
});

test('a rewrite that the log holds is left out, and the merge keeps its text', () => {
  const first = statements(script(PROMOTED));
  const again = statements(script({ ...PROMOTED, actual: { txnVersion: 131_136n } }));
  assert.ok(first.some((each) => each.includes('CREATE OR REPLACE TABLE')));
  assert.ok(!again.some((each) => each.includes('CREATE OR REPLACE TABLE')));
  assert.equal(again.at(-1), first.at(-1));
});

test('a rewrite done by an earlier extraction is not done again: what is a list stays as it is', () => {
  const again = script({ ...PROMOTED, actual: { fields: [...BASE, ...AFTER] } });
  assert.doesNotMatch(again, /CREATE OR REPLACE TABLE/);
});

test('a table with other columns than the ledger knows is not rewritten', () => {
  for (const fields of [BASE, [...BASE, ...fieldsOf(targetOf([{ x: ['3'], o: ['2'] }]))]]) {
    assert.throws(() => script({ ...PROMOTED, actual: { fields } }), {
      code: 'INTERNAL',
      message: /can't be rewritten/,
    });
  }
});

test('a rewrite keeps columns that the configuration lists no more', () => {
  const before = fieldsOf(targetOf([{ x: '1', o: { p: '2' } }]));
  const text = script({
    ...PROMOTED,
    actual: { fields: [...BASE, ...before, { name: 'block_id', type: 'string' }] },
  });
  assert.match(text, /t\.`block_id`\nFROM/);
});

test('a repeat after columns were added adds none', () => {
  const facts: LaneFacts = { kind: 'case', table: 't', before: [{ a: '1' }], batch: [{ b: '2' }] };
  assert.match(script(facts), /ADD COLUMNS \(\s+`case_json__b` STRING\s+\)/);
  const fields = [...BASE, ...fieldsOf(targetOf([{ a: '1', b: '2' }]))];
  assert.doesNotMatch(script({ ...facts, actual: { fields } }), /ADD COLUMNS/);
});

const BEYOND: LaneFacts = {
  kind: 'case',
  table: 't',
  maxColumns: 1,
  before: [{ a: '1' }],
  batch: [{ a: '1', b: '2' }],
};

test('`_overflow` comes with the first text that needs it; a repeat adds none, and the merge keeps its text', () => {
  const first = statements(script(BEYOND));
  assert.match(first.join('\n'), /ADD COLUMNS \(\s+`_overflow` MAP<STRING, STRING>\s+\)/);
  const fields = [
    ...BASE,
    ...fieldsOf(targetOf([{ a: '1' }])),
    { name: '_overflow', type: { type: 'map' } as const },
  ];
  const again = statements(script({ ...BEYOND, actual: { fields } }));
  assert.doesNotMatch(again.join('\n'), /ADD COLUMNS/);
  assert.equal(again.at(-1), first.at(-1));
});

test('a row that needs it no more has none; a table that never needed it has no word of it', () => {
  const ordinary: LaneFacts = { kind: 'case', table: 't', before: [{ a: '1' }], batch: [{ a: '2' }] };
  assert.match(
    script({ ...ordinary, overflowBefore: true }),
    /CAST\(NULL AS MAP<STRING, STRING>\) AS `_overflow`/,
  );
  assert.doesNotMatch(script(ordinary), /_overflow|`over`/);
  assert.equal(script({ ...ordinary, maxColumns: 2_000 }), script(ordinary));
});

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

const OURS = join(PACKAGE_ROOT, 'spark-jobs', 'models');

const YML = `name: visits
description: Visits per child
grain: one row per child and month
keys: [child_id]
partition_by: [month]
columns:
  domain: {type: string, description: The HQ domain}
  month: {type: date, description: First of month}
  child_id: {type: string, description: The child}
  visits: {type: long, description: How many}
sources:
  raw_home_visit_form:
    touches: same
    base: [_id, month]
    free: {form__child: string}
audits:
  - {name: keys, description: Once, sql: SELECT child_id FROM visits GROUP BY 1 HAVING count(*) > 1}
tests:
  - name: counts
    month: 2024-01-01
    given: {raw_home_visit_form: [{form__child: c1}]}
    expect: [{child_id: c1, visits: 1}]
`;
const SQL = `SELECT {{ domain }} AS domain, {{ month }} AS month, form__child AS child_id, count(*) AS visits
FROM raw_home_visit_form WHERE month = {{ month }} GROUP BY form__child
`;

const root = mkdtempSync(join(tmpdir(), 'dimagi-lake-models-'));
after(() => {
  rmSync(root, { recursive: true, force: true });
});
let folders = 0;

/** @param files name → text; a change of the two above is written as [from, to] */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(++folders));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The faults told, without the folder in front. */
function faultsOf(files: Readonly<Record<string, string>>): string[] {
  const folder = folderWith(files);
  try {
    loadModels(folder);
  } catch (cause) {
    assert.ok(cause instanceof LakeError);
    assert.equal(cause.code, 'MODEL_INVALID');
    assert.equal(cause.failureClass, 'config');
    return (cause.facts['faults'] as string[]).map((fault) => fault.replace(`${folder}/`, ''));
  }
  return [];
}

/** The yml with one text in it replaced; the text must be there. */
function changed(from: string, to: string, text = YML): string {
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

test('our own models are without fault, and each comes after what it needs of its month', () => {
  const { all } = loadModels();
  const tables = all.map(({ table }) => table);
  assert.deepEqual([...tables].sort(), [
    'agg_child_care',
    'child_care_monthly',
    'child_thr_form',
    'child_weight_height_form',
    'flwc_location',
    'service_enrollment_form',
    'supplementary_nutrition_form',
  ]);
  for (const [at, model] of all.entries())
    for (const { table, month } of model.needs)
      if (month !== 'previous') assert.ok(tables.indexOf(table) < at, `${table} before ${model.table}`);
});

test('a model is found by its table and by its name, and a misspelled one is guessed', () => {
  const models = loadModels();
  assert.equal(models.byName('child_care'), models.byTable('child_care_monthly'));
  assert.throws(() => models.byName('child_crae'), {
    code: 'USAGE',
    message: /no aggregation "child_crae" \(did you mean "child_care"\?\); there are .*service_enrollment/,
  });
});

test('another word in either file is another model, and text may not wander between them unseen', () => {
  const sha = (yml: string, sql: string): string =>
    loadModels(folderWith({ 'visits.yml': yml, 'visits.sql': sql })).byTable('visits').sha256;
  const hashes = [sha(YML, SQL), sha(`${YML}# x`, SQL), sha(YML, `# x${SQL}`), sha(YML, `${SQL} `)];
  assert.equal(new Set(hashes).size, 4);
  assert.equal(sha(YML, SQL), hashes[0]);
});

describe('a fault of a model is told with its file, line and column', () => {
  test('none, when there is none', () => {
    assert.deepEqual(faultsOf({ 'visits.yml': YML, 'visits.sql': SQL }), []);
  });

  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'an unknown key',
      'grain:',
      'grian:',
      'visits.yml:3:1: unknown key "grian" (did you mean "grain"?); known are name, description, grain, monthly, keys, partition_by, indexes, columns, sources, needs, audits, tests',
    ],
    [
      'an unknown key of a column',
      '{type: long,',
      '{typ: long,',
      'visits.yml:10:12: columns > visits: unknown key "typ" (did you mean "type"?); known are type, description',
    ],
    [
      'an unknown type',
      'type: long',
      'type: longg',
      'visits.yml:10:18: columns > visits > type: "longg" is no type of a column; those are integer, string, long, double, decimal(precision,scale), date, timestamp, boolean',
    ],
    [
      'a list as a column',
      'type: long',
      'type: list<long>',
      'visits.yml:10:18: columns > visits > type: "list<long>" is no type of a column; those are integer, string, long, double, decimal(precision,scale), date, timestamp, boolean',
    ],
    [
      'a key that is no column',
      'keys: [child_id]',
      'keys: [child]',
      'visits.yml:4:8: keys > 0: "child" is no column (did you mean "child_id"?)',
    ],
    [
      'a partition that is no column',
      'partition_by: [month]',
      'partition_by: [month, level]',
      'visits.yml:5:23: partition_by > 1: "level" is no column',
    ],
    [
      'months that are no partition',
      'partition_by: [month]',
      'partition_by: [child_id]',
      'visits.yml:5:15: partition_by: must hold month: months are replaced one by one',
    ],
    [
      'an index over no column',
      'partition_by: [month]',
      'partition_by: [month]\nindexes: [[visits], [vists]]',
      'visits.yml:6:22: indexes > 1 > 0: "vists" is no column (did you mean "visits"?)',
    ],
    [
      'no domain',
      '  domain: {type: string, description: The HQ domain}\n',
      '',
      'visits.yml:7:3: columns: must hold domain of type string',
    ],
    [
      'a column name Postgres or Spark would have to quote',
      '  visits: {type',
      '  Visits!: {type',
      'visits.yml:10:3: columns: "Visits!" must be small letters, digits and _, beginning with a letter, 40 at most; or {level}_id, {level}_name, {level}_site_code',
    ],
    [
      'a source that is no table of the lake',
      '  raw_home_visit_form:\n',
      '  home_visit:\n',
      'visits.yml:12:3: sources: is no table of the lake: raw_…_form, raw_…_case or raw_location',
    ],
    [
      'a column no form has',
      'base: [_id, month]',
      'base: [_id, opened_on]',
      'visits.yml:14:17: sources > raw_home_visit_form > base > 1: "opened_on" is no column that every form has',
    ],
    [
      'a free column of cases in a form',
      '{form__child: string}',
      '{case_json__child: string}',
      'visits.yml:15:12: sources > raw_home_visit_form > free: "case_json__child" must begin with form__',
    ],
    [
      'an unknown type of a free column',
      '{form__child: string}',
      '{form__child: text}',
      'visits.yml:15:25: sources > raw_home_visit_form > free > form__child: "text" is no type; those are string, long, double, decimal(precision,scale), date, timestamp, boolean, list or list<one of these>, and {fields: [names]} for a list of structs',
    ],
    [
      'an unknown rule of months',
      'touches: same',
      'touches: sme',
      'visits.yml:13:14: sources > raw_home_visit_form > touches: must be one of same, from, all (did you mean "same"?)',
    ],
    [
      'a model that is not there',
      'audits:',
      'needs: {vists: same}\naudits:',
      'visits.yml:16:9: needs: there is no model "vists" (did you mean "visits"?)',
    ],
    [
      'a need of a month that the table has not',
      'audits:',
      'needs: {visits: whole}\naudits:',
      'visits.yml:16:17: needs > visits: visits has months: same or previous',
    ],
    [
      'a model that needs itself of the same month',
      'audits:',
      'needs: {visits: same}\naudits:',
      'visits.yml:16:9: needs: visits needs visits of the same month itself: a circle',
    ],
    [
      'an audit without sql',
      ', sql: SELECT child_id FROM visits GROUP BY 1 HAVING count(*) > 1',
      '',
      'visits.yml:17:5: audits > 0: must have sql',
    ],
    ['an audit that is no Liquid', 'sql: SELECT child_id', "sql: 'SELECT {{ child_id }'", ''],
    [
      'no audit',
      'audits:\n  - {name: keys, description: Once, sql: SELECT child_id FROM visits GROUP BY 1 HAVING count(*) > 1}',
      'audits: []',
      'visits.yml:16:9: audits: must hold an audit',
    ],
    [
      'a test of a table that is not read',
      'given: {raw_home_visit_form:',
      'given: {raw_home_form:',
      'visits.yml:21:13: tests > 0 > given: "raw_home_form" is no source or need (did you mean "raw_home_visit_form"?)',
    ],
    [
      'a given column that is not read',
      '[{form__child: c1}]',
      '[{form__kid: c1}]',
      'visits.yml:21:36: tests > 0 > given > raw_home_visit_form > 0: raw_home_visit_form has no column "form__kid" (did you mean "form__child"?)',
    ],
    [
      'an expected column that is not there',
      'visits: 1}',
      'vists: 1}',
      'visits.yml:22:29: tests > 0 > expect > 0: visits has no column "vists" (did you mean "visits"?)',
    ],
    [
      'a test without its month',
      '    month: 2024-01-01\n',
      '',
      'visits.yml:19:5: tests > 0: must have a month',
    ],
    [
      'a month that is no first',
      'month: 2024-01-01',
      'month: 2024-01-02',
      'visits.yml:20:12: tests > 0 > month: must be a first of month, YYYY-MM-01',
    ],
    ['what is no YAML', 'keys: [child_id]', 'keys: [child_id', ''],
  ];
  for (const [name, from, to, fault] of cases)
    test(name, () => {
      const faults = faultsOf({ 'visits.yml': changed(from, to), 'visits.sql': SQL });
      if (fault === '') assert.match(faults[0] ?? '', /^visits\.yml:\d+:\d+: /);
      else assert.ok(faults.includes(fault), `${fault}\n${faults.join('\n')}`);
    });

  test('two models of one name, two in a circle, and a file without the other, all at once', () => {
    const other = changed('audits:', 'needs: {visits: same}\naudits:').replaceAll('visits:', 'visits:');
    const first = changed('audits:', 'needs: {again: same}\naudits:');
    assert.deepEqual(
      faultsOf({
        'visits.yml': first,
        'visits.sql': SQL,
        'again.yml': changed('visits', 'again', other),
        'again.sql': SQL,
      }),
      [
        'again.yml:16:9: needs: visits needs again of the same month itself: a circle',
        'visits.yml:16:9: needs: again needs visits of the same month itself: a circle',
      ],
    );
    assert.deepEqual(faultsOf({ 'visits.yml': YML, 'visits.sql': SQL, 'again.yml': YML, 'lone.sql': SQL }), [
      'again.yml:1:1: has no again.sql beside it',
      'lone.sql:1:1: has no lone.yml beside it',
      'visits.yml:1:7: name: "visits" is the name of again too',
    ]);
  });

  test('a table name that would need quoting, and a folder without models', () => {
    assert.deepEqual(faultsOf({ 'My Visits.yml': YML, 'My Visits.sql': SQL }), [
      "My Visits.yml:1:1: a table's name must be small letters, digits and _",
    ]);
    assert.match(faultsOf({})[0] ?? '', /holds no model$/);
  });

  test('the template of the SELECT: no Liquid, an unknown variable, filter or tag, unsafe text', () => {
    const fault = (sql: string): string[] => faultsOf({ 'visits.yml': YML, 'visits.sql': sql });
    assert.deepEqual(fault(' \n'), ['visits.sql:1:1: the file is empty']);
    assert.match(fault('SELECT 1\n{% if month %}')[0] ?? '', /^visits\.sql:2:1: .*not closed/);
    assert.deepEqual(fault('SELECT\n  {{ mnth }}'), ['visits.sql:2:6: undefined variable: mnth']);
    assert.deepEqual(fault('SELECT {{ month | upcase }}'), ['visits.sql:1:8: undefined filter: upcase']);
    assert.deepEqual(fault("SELECT {% include 'x' %}"), ['visits.sql:1:8: tag "include" not found']);
    assert.match(fault("SELECT {{ 'x' }}")[0] ?? '', /^visits\.sql:1:8: only numbers, safe parts/);
  });
});

test('a fault anywhere in our own files is found: any letter of a key', () => {
  const folder = join(root, 'ours');
  for (const table of loadModels().all.map((model) => model.table)) {
    cpSync(OURS, folder, { recursive: true });
    const path = join(folder, `${table}.yml`);
    const text = readFileSync(path, 'utf8');
    for (const key of ['grain', 'keys', 'columns', 'audits', 'tests', 'description']) {
      writeFileSync(path, text.replace(new RegExp(`^${key}:`, 'm'), `${key}_:`));
      assert.throws(() => loadModels(folder), { code: 'MODEL_INVALID' }, `${table} ${key}`);
    }
    rmSync(folder, { recursive: true });
  }
});

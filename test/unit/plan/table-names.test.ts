import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  databaseName,
  encodeComponent,
  OPENROSA_PREFIX,
  tableName,
  tablePath,
} from '../../../orchestrator/plan/table-names.js';
import { shortHash } from '../../../orchestrator/short-hash.js';
import { HOSTILE_KEYS } from '../../helpers/hostile-keys.js';
import { pick, seeded } from '../../helpers/seeded.js';

const free = (): boolean => false;
const caseTable = (type: string): string => tableName('case', type, undefined, free);

test('paths are commcare/<domain>/<topic>/<type>, an xmlns without the openrosa prefix', () => {
  assert.equal(tablePath('my-demo', 'case', 'child_care'), 'commcare/my-demo/case-sql/child_care');
  assert.equal(
    tablePath('demo', 'form', `${OPENROSA_PREFIX}33EBE6E1-28FE`),
    'commcare/demo/form-sql/33EBE6E1-28FE',
  );
  assert.equal(tablePath('demo', 'location', 'location'), 'commcare/demo/location/location');
});

test('a foreign xmlns is written whole after ~~, so it never meets one of openrosa', () => {
  assert.equal(tablePath('d', 'form', 'http://a.org/x'), 'commcare/d/form-sql/~~http~3A~2F~2Fa.org~2Fx');
  assert.equal(tablePath('d', 'form', ''), 'commcare/d/form-sql/~~');
  assert.equal(tablePath('d', 'form', OPENROSA_PREFIX), 'commcare/d/form-sql/~');
});

test('what a path may not hold is ~XX, the empty name ~, a leading dot ~2E', () => {
  const encoded: [string, string][] = [
    ['', '~'],
    ['.', '~2E'],
    ['..', '~2E.'],
    ['.hidden', '~2Ehidden'],
    ['a.b', 'a.b'],
    ['a/b', 'a~2Fb'],
    ['a~b', 'a~7Eb'],
    ['a b', 'a~20b'],
    ['é', '~C3~A9'],
    ['😀', '~F0~9F~98~80'],
    ['\0\n%', '~00~0A~25'],
  ];
  for (const [name, component] of encoded) assert.equal(encodeComponent(name), component);
});

test('a component of any length fits a file system, and two long ones stay two', () => {
  const [one, other] = ['a'.repeat(300), `${'a'.repeat(299)}b`].map(encodeComponent);
  assert.ok((one ?? '').length <= 200 && (other ?? '').length <= 200);
  assert.notEqual(one, other);
});

test('tables are raw_<type>_case, raw_<name or xmlns tail>_form and raw_location', () => {
  assert.equal(caseTable('child_care'), 'raw_child_care_case');
  assert.equal(tableName('form', 'http://x/33-AB', 'enrollment', free), 'raw_enrollment_form');
  assert.equal(tableName('form', 'http://x/33-AB', undefined, free), 'raw_33_AB_form');
  assert.equal(tableName('location', 'location', undefined, free), 'raw_location');
  assert.equal(databaseName('my-demo', free), 'commcarehq_my_demo');
});

test('a hyphen becomes _ without a mark; any other change, an empty or an over-long name has one', () => {
  assert.equal(caseTable('child-care'), 'raw_child_care_case');
  for (const type of ['child care', 'a.b', 'é', '😀', 'a/b', '', 'x'.repeat(300)]) {
    assert.ok(caseTable(type).endsWith(`_${shortHash(type)}_case`), type.slice(0, 20));
  }
  assert.equal(tableName('form', 'http://x/', undefined, free), `raw__${shortHash('http://x/')}_form`);
});

test('a name that is taken, ignoring case, gets a mark', () => {
  const taken = new Set(['raw_dob_case']);
  assert.equal(
    tableName('case', 'DOB', undefined, (name) => taken.has(name)),
    `raw_DOB_${shortHash('DOB')}_case`,
  );
});

test('a type that spells the marked name of another one takes nothing from it', () => {
  const thief = `a_b_${shortHash('a b')}`;
  const names = new Set<string>();
  for (const type of [thief, 'a b', 'a-b', 'a_b']) {
    const name = tableName('case', type, undefined, (each) => names.has(each));
    assert.ok(!names.has(name.toLowerCase()), type);
    names.add(name.toLowerCase());
  }
});

test('a type that spells one mark of another after the other still takes nothing from it', () => {
  const thieves = [shortHash('a b'), shortHash('a b', 16), shortHash('3:a b', 16)].map(
    (mark) => `a_b_${mark}`,
  );
  const names = new Set<string>();
  for (const type of [...thieves, 'a b']) {
    const name = tableName('case', type, undefined, (each) => names.has(each));
    assert.ok(!names.has(name.toLowerCase()), `${name} is given twice`);
    assert.match(name, /^[A-Za-z0-9_]{1,128}$/);
    names.add(name.toLowerCase());
  }
  assert.ok(names.has(`raw_a_b_${shortHash('4:a b', 16)}_case`));
});

test('two xmlns with one friendly name are two tables, and so are a form and a case of one name', () => {
  const names = new Set<string>();
  for (const [kind, type, friendly] of [
    ['form', 'http://a/1', 'visit'],
    ['form', 'http://a/2', 'Visit'],
    ['form', 'http://a/3', 'visit'],
    ['case', 'visit', undefined],
    ['case', 'other', 'visit'],
    ['case', 'visit_form', undefined],
    ['location', 'location', undefined],
  ] as const) {
    const name = tableName(kind, type, friendly, (each) => names.has(each));
    assert.ok(!names.has(name.toLowerCase()), `${name} is given twice`);
    names.add(name.toLowerCase());
  }
});

const PIECES = [
  'a',
  'A',
  '-',
  '_',
  '.',
  '/',
  ' ',
  '~',
  '%',
  '`',
  "'",
  'é',
  '😀',
  '\n',
  '~2E',
  '~~',
  '~-',
  'formdesigner/',
];

/** Names of up to five pieces, long ones among them. */
function names(count: number): string[] {
  const random = seeded(7);
  const made = Array.from({ length: count }, () => {
    const long = random() < 0.1 ? pick(random, PIECES).repeat(250) : '';
    return long + Array.from({ length: Math.floor(random() * 6) }, () => pick(random, PIECES)).join('');
  });
  return [...new Set([...made, ...made.map((name) => OPENROSA_PREFIX + name)])];
}

test('no two names share a path, and every path is safe to join', () => {
  const paths = new Map<string, string>();
  for (const name of names(20_000)) {
    for (const kind of ['form', 'case'] as const) {
      const path = tablePath('d', kind, name);
      const other = paths.get(path);
      assert.equal(other, undefined, `${JSON.stringify(other)} and ${JSON.stringify(name)} share ${path}`);
      paths.set(path, name);
      assert.match(path, /^commcare\/d\/(form|case)-sql\/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,199}$/);
    }
  }
});

test('a path tells its domain, kind and type again', () => {
  const decode = (component: string): string =>
    component === '~'
      ? ''
      : Buffer.from(
          component.replace(/~([0-9A-F]{2})/g, (_, digits: string) =>
            String.fromCharCode(Number.parseInt(digits, 16)),
          ),
          'latin1',
        ).toString('utf8');
  const text = fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string({ unit: 'grapheme', maxLength: 12 }));
  fc.assert(
    fc.property(text, text, fc.boolean(), (domain, type, ours) => {
      fc.pre(Buffer.byteLength(type) < 60 && Buffer.byteLength(domain) < 60);
      const [, own, topic, last = ''] = tablePath(domain, 'case', type).split('/');
      assert.deepEqual([decode(own ?? ''), topic, decode(last)], [domain, 'case-sql', type]);
      const xmlns = ours ? OPENROSA_PREFIX + type : type;
      const [, , , form = ''] = tablePath(domain, 'form', xmlns).split('/');
      assert.equal(form.startsWith('~~') ? decode(form.slice(2)) : OPENROSA_PREFIX + decode(form), xmlns);
    }),
    { numRuns: 5_000 },
  );
});

test('every table and database has a name of its own that Spark and Hive take', () => {
  const tables = new Set<string>();
  const databases = new Set<string>();
  for (const name of names(5_000)) {
    const table = tableName('case', name, undefined, (each) => tables.has(each));
    const database = databaseName(name, (each) => databases.has(each));
    for (const [made, known] of [
      [table, tables],
      [database, databases],
    ] as const) {
      assert.match(made, /^[A-Za-z0-9_]{1,128}$/);
      assert.ok(!known.has(made.toLowerCase()), `${made} is given twice`);
      known.add(made.toLowerCase());
    }
  }
});

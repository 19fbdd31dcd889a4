import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  friendlyName,
  isKept,
  isListed,
  loadLakeConfig,
  parseLakeConfig,
} from '../../../orchestrator/config/lake.js';
import { suspicionsOfLake } from '../../../orchestrator/config/suspicions.js';
import { LakeError } from '../../../orchestrator/errors.js';

const XMLNS = 'http://openrosa.org/formdesigner/33EBE6E1';
const GOOD = `domains:
  nutrition-demo:
    location_levels: [state, district]
    locations: true
    cases: {child_care: {}, member: }
    forms:
      "${XMLNS}": {name: service_enrollment}
  all:
    cases: {'*': {}}
    time_zone: Asia/Kolkata
`;

function faults(text: string): string[] {
  try {
    parseLakeConfig(text, 'lake.yaml');
  } catch (thrown) {
    assert.ok(thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID');
    return thrown.facts['faults'] as string[];
  }
  return assert.fail('it was taken');
}

test('what is listed is kept, and nothing else', () => {
  const config = parseLakeConfig(GOOD);
  const listed = (domain: string, kind: 'form' | 'case' | 'location', type: string): boolean =>
    isListed(config, domain, kind, type);
  assert.ok(listed('nutrition-demo', 'case', 'member') && listed('nutrition-demo', 'form', XMLNS));
  assert.ok(listed('nutrition-demo', 'location', 'location') && !listed('all', 'location', 'location'));
  assert.ok(!listed('nutrition-demo', 'case', 'other') && !listed('unknown', 'case', 'member'));
  assert.ok(listed('all', 'case', 'anything') && !listed('all', 'form', XMLNS));
  assert.ok(
    isKept(config, 'all', 'case') && !isKept(config, 'all', 'form') && !isKept(config, 'unknown', 'case'),
  );
});

test('names that JavaScript objects have by birth are no domain, case type or form', () => {
  const config = parseLakeConfig(GOOD);
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.ok(!isKept(config, name, 'case'), name);
    assert.ok(!isListed(config, 'nutrition-demo', 'case', name), name);
    assert.equal(friendlyName(config, 'nutrition-demo', 'form', name), undefined, name);
  }
});

test('a form has the name it is given; a case type none', () => {
  const config = parseLakeConfig(GOOD);
  assert.equal(friendlyName(config, 'nutrition-demo', 'form', XMLNS), 'service_enrollment');
  assert.equal(friendlyName(config, 'nutrition-demo', 'case', 'member'), undefined);
});

test('the identity of a configuration is its text, to the byte', () => {
  assert.equal(parseLakeConfig(GOOD).sha256, parseLakeConfig(GOOD).sha256);
  assert.notEqual(parseLakeConfig(GOOD).sha256, parseLakeConfig(`${GOOD}\n`).sha256);
});

test('every fault is told at once, with its line and column, from top to bottom', () => {
  const found = faults(`domains:
  demo:
    locations: maybe
    location_levels: [state, "a b"]
    record_location: [owner, usr]
    time_zon: UTC
    time_zone: Mars/Olympus
    cases:
      member: {nam: x}
colour: red
`);
  assert.deepEqual(
    found.map((fault) => fault.replace(/^lake\.yaml:/, '')),
    [
      '3:16: domains > demo > locations: expected boolean, received string',
      '4:30: domains > demo > location_levels > 1: must be a location type code without blanks or ,;{}()=~',
      '5:30: domains > demo > record_location > 1: must be one of owner, user (did you mean "user"?)',
      '6:5: domains > demo: unknown key "time_zon" (did you mean "time_zone"?); known are location_levels, record_location, locations, cases, forms, tables, time_zone, aggregations',
      '7:16: domains > demo > time_zone: must be an IANA time zone such as Asia/Kolkata',
      '9:16: domains > demo > cases > member: unknown key "nam" (did you mean "name"?); known are name',
      '10:1: unknown key "colour"; known are domains',
    ],
  );
});

test('YAML that does not parse, and a key given twice, are told with their place', () => {
  assert.match(faults('domains:\n  a: {]\n')[0] ?? '', /^lake\.yaml:2:\d+: /);
  assert.match(faults('domains:\n  a: {}\n  a: {}\n')[0] ?? '', /^lake\.yaml:3:3: /);
});

test('an alias without its anchor, and aliases that would fill the memory, are faults of the file', () => {
  assert.deepEqual(faults('domains: *nowhere'), [
    'lake.yaml: Unresolved alias (the anchor must be set before the alias): nowhere',
  ]);
  const levels = Array.from({ length: 9 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(10)}]`);
  const [told] = faults(['l0: &l0 [x]', ...levels, 'domains: *l9'].join('\n'));
  assert.match(told ?? '', /^lake\.yaml: Excessive alias count/);
});

test('an empty file, one that is no map and a missing one are told', () => {
  assert.match(faults('')[0] ?? '', /^lake\.yaml:1:1: the file is empty/);
  assert.match(faults('# nothing but a comment\n')[0] ?? '', /the file is empty/);
  assert.match(faults('- a\n')[0] ?? '', /^lake\.yaml:1:1: expected object/);
  assert.throws(() => loadLakeConfig('/no/such/lake.yaml'), {
    code: 'CONFIG_INVALID',
    message: /LAKE_CONFIG: \/no\/such\/lake\.yaml cannot be read \(ENOENT/,
  });
});

test('what is allowed but odd is a suspicion, and the usual configuration has none', () => {
  assert.deepEqual(suspicionsOfLake(parseLakeConfig(GOOD)), []);
  const odd = suspicionsOfLake(
    parseLakeConfig(`domains:
  none: {}
  both: {cases: {'*': {}, member: {}}}
  form: {forms: {visit: {name: "a b"}}}
  twin: {forms: {"${XMLNS}": {name: visit-one}, "${XMLNS}B": {name: Visit_One}}}
`),
  );
  assert.deepEqual(
    odd.map((told) => told.replace(/^domains > /, '').slice(0, 30)),
    [
      'none: no cases, no forms and n',
      "both: cases: '*' takes every t",
      'form: forms: "visit" is no xml',
      'form: "visit": the name "a b" ',
      'twin: the name "Visit_One" of ',
    ],
  );
  assert.match(suspicionsOfLake(parseLakeConfig('domains: {}'))[0] ?? '', /nothing will be kept/);
});

test('a level may not be called as if its columns were those of a free field', () => {
  for (const level of ['form__x', 'case_json__', 'Metadata__x']) {
    const told = faults(`domains:\n  demo:\n    location_levels: [state, ${level}]\n`);
    assert.deepEqual(told, [
      'lake.yaml:3:30: domains > demo > location_levels > 1: must not begin with form__, case_json__ or metadata__',
    ]);
  }
  assert.deepEqual(
    parseLakeConfig('domains: {d: {location_levels: [form, "case_json", form_x]}}').domains['d']
      ?.location_levels.length,
    3,
  );
});

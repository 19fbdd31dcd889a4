import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  friendlyName,
  isKept,
  isListed,
  loadLakeConfig,
  parseLakeConfig,
} from '../../../orchestrator/config/lake.js';
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

test('every fault is told at once, with its line', () => {
  const found = faults(`domains:
  demo:
    locations: maybe
    location_levels: [state, "a b"]
    record_location: [owner, nobody]
    time_zone: Mars/Olympus
    cases:
      member: {nam: x}
colour: red
`);
  const lines = found.map((fault) => Number(/^lake\.yaml:(\d+): /.exec(fault)?.[1]));
  assert.deepEqual(lines.filter((line) => line > 1).sort(), [3, 4, 5, 6, 8]);
  assert.equal(found.length, 6);
  assert.ok(found.some((fault) => fault.includes('unknown key "nam"')));
  assert.ok(found.some((fault) => fault.includes('unknown key "colour"')));
});

test('YAML that does not parse, and a key given twice, are told with their line', () => {
  assert.match(faults('domains:\n  a: {]\n')[0] ?? '', /^lake\.yaml:2: /);
  assert.match(faults('domains:\n  a: {}\n  a: {}\n')[0] ?? '', /^lake\.yaml:3: /);
});

test('an empty file and a missing one are told', () => {
  assert.equal(faults('').length, 1);
  assert.throws(() => loadLakeConfig('/no/such/lake.yaml'), {
    code: 'CONFIG_INVALID',
    message: /cannot be read/,
  });
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { declaredTypes } from '../../helpers/declared-types.js';
import { script, type LaneFacts } from './lane-fixture.js';

/** Rendered scripts, kept in git so that a change of SQL is seen as SQL. UPDATE_GOLDEN=1 writes them anew. */
const FOLDER = join(PACKAGE_ROOT, 'test', 'golden');

const GOLDEN: Readonly<Record<string, LaneFacts>> = {
  'new-case-table': {
    kind: 'case',
    table: 'raw_child_care_case',
    allNew: true,
    batch: [{ dob: '2020-01-01', address: { village: 'x' }, visits: ['1', '2'], DOB: 'x' }],
  },
  'form-table-with-new-columns': {
    kind: 'form',
    table: 'raw_service_enrollment_form',
    levels: ['state', 'district', 'block'],
    before: [{ meta: { deviceID: 'x' }, item: [{ name: 'a' }] }],
    batch: [{ meta: { deviceID: 'x', username: 'u' }, item: [{ name: 'a', count: '1' }, { deep: ['x'] }] }],
    newLevels: ['block'],
  },
  'scalar-becomes-list': {
    kind: 'case',
    table: 'raw_member_case',
    before: [{ phone: '1', name: 'x' }],
    batch: [{ phone: ['1', '2'] }, { phone: '3' }],
  },
  'object-becomes-list': {
    kind: 'form',
    table: 'raw_visit_form',
    before: [{ child: { name: 'a', '@id': '1', toys: ['x'] } }, { child: 'none' }],
    batch: [{ child: [{ name: 'a' }, { name: 'b', toys: 'ball' }, 'none'] }],
  },
  'declared-types': {
    kind: 'case',
    table: 'raw_child_care_case',
    types: declaredTypes({
      case_json__weight: 'double',
      case_json__paid: 'decimal(10,2)',
      case_json__visits__on: 'date',
      case_json__scores: 'list<long>',
    }),
    batch: [{ weight: '2.5', paid: '10', visits: [{ on: '2020-01-01', by: 'x' }], scores: '1' }],
  },
  'type-is-changed': {
    kind: 'case',
    table: 'raw_child_care_case',
    typesBefore: declaredTypes({ case_json__weight: 'double', case_json__visits__on: 'date' }),
    before: [{ weight: '2.5', height: '10', visits: [{ on: '2020-01-01', by: 'x' }] }],
    types: declaredTypes({ case_json__height: 'long', case_json__visits__on: 'timestamp' }),
    batch: [{ weight: 'heavy' }],
  },
  // Staged when the table had fewer columns than it has now: what found no room goes to `_overflow` in the SELECT too.
  'columns-beyond-the-limit': {
    kind: 'case',
    table: 'raw_member_case',
    maxColumns: 3,
    types: declaredTypes({ case_json__visits__on: 'date', case_json__late: 'date' }),
    before: [{ phone: '1', visits: [{ on: '2' }], village: 'x' }],
    overflowBefore: true,
    batch: [{ phone: ['3'], visits: [{ on: '4', by: '5', at: '6' }], new: '7', late: '8' }],
  },
  'location-table': { kind: 'location', table: 'raw_location', batch: [{ population: '5' }] },
  'hostile-names': {
    kind: 'case',
    table: 'raw_x_case',
    before: [{ "it's": 'x', '`': 'y' }],
    batch: [
      {
        "it's": ['x'],
        '`': { '); DROP TABLE x; --': 'y' },
        '${x}': '1',
        'a\n;\nb': [{ "'": '1', '\\': '2' }],
      },
    ],
  },
};
for (const [name, facts] of Object.entries(GOLDEN)) {
  test(`the script of ${name} is the one in git`, () => {
    const path = join(FOLDER, `${name}.sql`);
    const rendered = script(facts);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, rendered);
    assert.ok(existsSync(path), `${path} is missing: run with UPDATE_GOLDEN=1`);
    assert.equal(rendered, readFileSync(path, 'utf8'), 'run with UPDATE_GOLDEN=1 and look at the difference');
  });
}

test('no script in git is left over', () => {
  assert.deepEqual(
    readdirSync(FOLDER).sort(),
    Object.keys(GOLDEN)
      .map((name) => `${name}.sql`)
      .sort(),
  );
});

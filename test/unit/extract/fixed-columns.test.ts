import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIXED_COLUMNS, fixedColumns } from '../../../orchestrator/shape/fixed-columns.js';

test('forms and cases carry the place and one id per level, locations six columns per level', () => {
  const names = (kind: 'form' | 'case' | 'location', levels: string[]): string[] =>
    fixedColumns(kind, levels).map(({ name }) => name);
  assert.deepEqual(names('form', ['state', 'clinic']).slice(-3), ['location_id', 'state_id', 'clinic_id']);
  assert.deepEqual(names('case', []), [...FIXED_COLUMNS.case.map(({ name }) => name), 'location_id']);
  assert.deepEqual(fixedColumns('location', ['state']).slice(-6), [
    { name: 'state_id', type: 'STRING' },
    { name: 'state_name', type: 'STRING' },
    { name: 'state_site_code', type: 'STRING' },
    { name: 'state_latitude', type: 'DOUBLE' },
    { name: 'state_longitude', type: 'DOUBLE' },
    { name: 'state_is_archived', type: 'BOOLEAN' },
  ]);
});

test('no two columns are equal ignoring case, whatever the levels are called', () => {
  for (const kind of ['form', 'case', 'location'] as const) {
    const levels = [
      'owner',
      'user',
      'User',
      'app',
      'location',
      'parent_location',
      '',
      'state',
      'STATE',
      'state',
    ];
    const names = fixedColumns(kind, levels).map(({ name }) => name.toLowerCase());
    assert.equal(new Set(names).size, names.length, kind);
  }
});

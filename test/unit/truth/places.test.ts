import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flwcLocation } from '../../truth/flwc-location.js';
import type { Place } from '../../truth/world.js';
import { line, LEVELS, worldOf } from './small-world.js';

function rowsOf(places: Place[]) {
  return flwcLocation(worldOf({ places }));
}

test('a centre has a row at each level, ALL below the row’s own', () => {
  const rows = rowsOf([...line('f1'), ...line('f2', { flwc: { parentId: 'f1-supervisor' } })]);
  assert.deepEqual(
    rows.map((row) => row['location_level']),
    [1, 2, 3, 4, 5, 5],
  );
  assert.deepEqual(rows[1], {
    ...{ domain: 'd', location_level: 2 },
    ...{ state_id: 'f1-state', state_name: 'Name f1-state', state_site_code: 'code f1-state' },
    ...{
      district_id: 'f1-district',
      district_name: 'Name f1-district',
      district_site_code: 'code f1-district',
    },
    ...Object.fromEntries(
      LEVELS.slice(2).flatMap((level) =>
        ['id', 'name', 'site_code'].map((what) => [`${level}_${what}`, 'ALL']),
      ),
    ),
  });
});

test('a centre archived itself or under an archived ancestor is not there, nor what stands above it alone', () => {
  assert.deepEqual(rowsOf(line('f1', { flwc: { archived: true } })), []);
  assert.deepEqual(rowsOf(line('f1', { district: { archived: true } })), []);
  const rows = rowsOf([...line('f1'), ...line('f2', { project: { archived: true } })]);
  assert.ok(rows.every((row) => row['state_id'] === 'f1-state'));
});

test('an archived ancestor of a type that is no level counts too', () => {
  const places = line('f1', { flwc: { parentId: 'block' } });
  const block: Place = {
    ...{ id: 'block', parentId: 'f1-supervisor', type: 'block', name: null, siteCode: 'b' },
    archived: true,
  };
  assert.deepEqual(rowsOf([...places, block]), []);
  assert.equal(rowsOf([...places, { ...block, archived: false }]).length, 5);
});

test('a centre that skips a level has no row there, but one in the levels above', () => {
  const rows = rowsOf(line('f1', { flwc: { parentId: 'f1-project' } }));
  assert.deepEqual(
    rows.map((row) => [row['location_level'], row['supervisor_id']]),
    [
      [1, 'ALL'],
      [2, 'ALL'],
      [3, 'ALL'],
      [5, null],
    ],
  );
});

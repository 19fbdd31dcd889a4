import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggChildCare } from '../../truth/agg-child-care.js';
import type { Row } from '../../truth/world.js';
import { child, line, M, meal, measurement, member, ration, worldOf } from './small-world.js';

const parent = (id: string) => ({ indices: [{ identifier: 'parent', type: 'member', id }] });
const sum = (rows: readonly Row[], measure: string) =>
  rows.reduce((total, row) => total + Number(row[measure]), 0);

test('a child of no living centre is counted at every level, under null', () => {
  const rows = aggChildCare(
    worldOf({
      members: [member(), member({ id: 'm2', gender: 'male' })],
      children: [child(), child({ id: 'c2', ownerId: 'gone' }), child({ id: 'c3', ...parent('m2') })],
    }),
    M,
  );
  for (const level of [1, 2, 3, 4, 5]) {
    const ofLevel = rows.filter((row) => row['location_level'] === level);
    assert.equal(sum(ofLevel, 'children_in_month'), 3, `level ${level}`);
    assert.equal(ofLevel.length, 3);
  }
  const lost = rows.filter((row) => row['state_id'] === null);
  assert.deepEqual(
    lost.map((row) => [row['location_level'], row['supervisor_id'], row['flwc_id']]),
    [
      [1, 'ALL', 'ALL'],
      [2, 'ALL', 'ALL'],
      [3, 'ALL', 'ALL'],
      [4, null, 'ALL'],
      [5, null, 'gone'],
    ],
  );
});

test('children of two centres meet in the level that both belong to; groups stay apart', () => {
  const rows = aggChildCare(
    worldOf({
      places: [...line('f1'), ...line('f2', { flwc: { parentId: 'f1-supervisor' } })],
      members: [member(), member({ id: 'm2', dob: '2026-01-01' })],
      children: [child(), child({ id: 'c2', ownerId: 'f2' }), child({ id: 'c3', ...parent('m2') })],
    }),
    M,
  );
  assert.deepEqual(
    rows
      .filter((row) => Number(row['location_level']) >= 4)
      .map((row) => [row['location_level'], row['flwc_id'], row['age_group'], row['children_in_month']]),
    [
      [4, 'ALL', 36, 2],
      [4, 'ALL', 6, 1],
      [5, 'f1', 36, 1],
      [5, 'f2', 36, 1],
      [5, 'f1', 6, 1],
    ],
  );
});

test('measures: 25 days, weighed, grades, born', () => {
  const days = Array.from({ length: 25 }, (_, index) => `2026-02-${String(index + 1).padStart(2, '0')}`);
  const one = aggChildCare(
    worldOf({
      members: [
        member({ id: 'young' }),
        member({ id: 'old', dob: '2022-02-01' }),
        member({ id: 'born', dob: '2026-02-02', gender: 'female' }),
      ],
      children: [
        child({ id: 'c1', ...parent('young') }),
        child({ id: 'c2', ...parent('old') }),
        child({
          id: 'c3',
          ...parent('born'),
          birthWeight: '2.1',
          lowBirthWeight: 'yes',
          breastfeedingInitiated: 'yes',
        }),
        child({ id: 'c4', ...parent('born'), birthWeight: '' }),
      ],
      measurements: [
        measurement('2026-02-03T00:00:00Z', {
          weight: '9',
          height: '80',
          wfa: 'red',
          hfa: 'yellow',
          wfh: 'green',
        }),
        measurement('2026-02-03T00:00:00Z', { childId: 'c2', weight: '12', wfa: 'purple' }),
      ],
      meals: days.map((day) =>
        meal(`${day}T05:00:00Z`, { listed: ['c2'], present: 'c2', served: day.endsWith('5') ? '' : 'c2' }),
      ),
      rations: [ration('2026-02-10T00:00:00Z')],
    }),
    M,
  ).filter((row) => row['location_level'] === 1);
  const measured = Object.fromEntries(
    Object.keys(one[0] ?? {})
      .filter((column) => /_in_month$|_days$|_eligible$/.test(column))
      .map((measure) => [measure, sum(one, measure)]),
  );
  assert.deepEqual(measured, {
    ...{
      children_in_month: 4,
      alive_in_month: 4,
      thr_eligible: 1,
      pse_eligible: 1,
      gm_eligible: 4,
      born_in_month: 2,
    },
    ...{ thr_25_days: 1, pse_25_days: 1, snd_25_days: 0 },
    ...{ weight_measured_in_month: 2, height_measured_in_month: 1, weight_height_measured_in_month: 1 },
    ...{ hfa_severe_in_month: 0, hfa_moderate_in_month: 1, hfa_normal_in_month: 0 },
    ...{ wfh_severe_in_month: 0, wfh_moderate_in_month: 0, wfh_normal_in_month: 1 },
    ...{ wfa_severe_in_month: 1, wfa_moderate_in_month: 0, wfa_normal_in_month: 0 },
    ...{ immediate_bf_in_month: 1, born_and_weighed_in_month: 1, low_birth_weight_in_month: 1 },
  });
});

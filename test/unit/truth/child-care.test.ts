import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childCare } from '../../truth/child-care.js';
import type { Child, Member, Row, World } from '../../truth/world.js';
import { child, enrolment, line, M, meal, measurement, member, ration, worldOf } from './small-world.js';

/** The row of the one child of a world. */
function rowOf(given: Partial<Child>, of: Partial<Member>, rest: Partial<World> = {}): Row {
  const rows = childCare(worldOf({ children: [child(given)], members: [member(of)], ...rest }), M);
  assert.equal(rows.length, 1);
  return rows[0] ?? {};
}

test('a child is there from the month of its opening to that of its closing', () => {
  const isThere = (given: Partial<Child>, timeZone = 'UTC') =>
    childCare(worldOf({ children: [child(given)], timeZone }), M).length === 1;
  const closed = (closedOn: string | null) => ({ closed: true, closedOn });
  assert.ok(isThere({ openedOn: '2026-02-28T23:59:59.999999Z' }));
  assert.ok(!isThere({ openedOn: '2026-03-01T00:00:00.000000Z' }));
  assert.ok(!isThere({ openedOn: '2026-02-28T18:30:00.000000Z' }, 'Asia/Kolkata'));
  assert.ok(!isThere({ openedOn: null }));
  assert.ok(!isThere(closed('2026-01-31T23:59:59.999999Z')));
  assert.ok(isThere(closed('2026-01-31T18:30:00.000000Z'), 'Asia/Kolkata'));
  assert.ok(isThere(closed('2026-02-01T00:00:00.000000Z')));
  assert.ok(isThere(closed(null)));
  assert.ok(isThere({ closed: false, closedOn: '2025-01-01T00:00:00.000000Z' }));
});

test('only the index parent to a member makes a child; a second one does not double it', () => {
  const rows = childCare(
    worldOf({
      members: [member(), member({ id: 'm2' })],
      children: [
        child({ id: 'none', indices: [] }),
        child({ id: 'host', indices: [{ identifier: 'parent', type: 'household', id: 'm1' }] }),
        child({ id: 'guardian', indices: [{ identifier: 'guardian', type: 'member', id: 'm1' }] }),
        child({
          id: 'both',
          indices: [
            { identifier: 'guardian', type: 'member', id: 'm1' },
            { identifier: 'parent', type: 'member', id: 'm2' },
          ],
        }),
      ],
    }),
    M,
  );
  assert.deepEqual(
    rows.map((row) => [row['case_id'], row['member_case_id']]),
    [['both', 'm2']],
  );
});

test('a member that is not in the lake leaves its columns null; the child stays, alive and without age', () => {
  const row = rowOf({}, { id: 'other' });
  for (const column of ['name', 'dob', 'gender', 'death_date', 'age_in_months', 'age_group'])
    assert.equal(row[column], null, column);
  assert.deepEqual(
    ['alive_in_month', 'born_in_month', 'gm_eligible', 'pse_eligible', 'thr_eligible'].map(
      (name) => row[name],
    ),
    [1, 0, 0, 0, 0],
  );
});

test('an owner that is no living centre has no ancestors, but stays the flwc', () => {
  const places = [...line('f1'), ...line('f2', { district: { archived: true } })];
  const of = (ownerId: string) => {
    const row = rowOf({ ownerId }, {}, { places });
    return [row['flwc_id'], row['supervisor_id'], row['state_id']];
  };
  assert.deepEqual(of('f1'), ['f1', 'f1-supervisor', 'f1-state']);
  assert.equal(rowOf({}, {})['district_name'], 'Name f1-district');
  assert.equal(rowOf({ ownerId: 'f2' }, {}, { places })['flwc_name'], null);
  assert.deepEqual(of('f2'), ['f2', null, null]);
  assert.deepEqual(of('f1-supervisor'), ['f1-supervisor', null, null]);
  assert.deepEqual(of('nobody'), ['nobody', null, null]);
});

test('ages, groups and eligibility exactly on their borders', () => {
  // 30.4 days a month: whole months are reached after a multiple of 5 of them, 152 days.
  const daysBefore = (days: number) => new Date(Date.parse(M) - days * 86_400_000).toISOString().slice(0, 10);
  const facts = (days: number) => {
    const row = rowOf({}, { dob: daysBefore(days) });
    return [row['age_group'], row['gm_eligible'], row['thr_eligible'], row['pse_eligible']];
  };
  assert.deepEqual(facts(-3), [6, 1, 0, 0]);
  assert.deepEqual(facts(0), [6, 1, 0, 0]);
  assert.deepEqual(facts(182), [6, 1, 0, 0]);
  assert.deepEqual(facts(183), [12, 1, 1, 0]);
  assert.deepEqual(facts(1094), [36, 1, 1, 0]);
  assert.deepEqual(facts(1095), [48, 1, 0, 1]);
  assert.deepEqual(facts(1824), [60, 1, 0, 1]);
  assert.deepEqual(facts(1825), [72, 0, 0, 1]);
  assert.deepEqual(facts(2188), [72, 0, 0, 1]);
  assert.deepEqual(facts(2189), [null, 0, 0, 0]);
});

test('an age counts days, over a leap-year birthday too', () => {
  const row = rowOf({}, { dob: '2024-02-29' });
  assert.equal(row['age_in_months'], 703 / 30.4);
  assert.equal(row['age_in_months_end'], 731 / 30.4);
  for (const dob of ['', '2025-02-29', '2024-02-29T00:00:00Z', 'unknown'])
    assert.equal(rowOf({}, { dob })['dob'], null, dob);
});

test('born in the month: from its first day to its last', () => {
  const born = (dob: string) => rowOf({}, { dob })['born_in_month'];
  assert.deepEqual(['2026-01-31', '2026-02-01', '2026-02-28', '2026-03-01'].map(born), [0, 1, 1, 0]);
});

test('who died before the month or on its first day is not alive, and eligible for nothing', () => {
  const facts = (deathDate: string) => {
    const row = rowOf({}, { deathDate });
    return [row['alive_in_month'], row['gm_eligible'], row['thr_eligible']];
  };
  assert.deepEqual(facts('2026-01-31'), [0, 0, 0]);
  assert.deepEqual(facts(M), [0, 0, 0]);
  assert.deepEqual(facts('2026-02-02'), [1, 1, 1]);
  assert.deepEqual(facts(''), [1, 1, 1]);
});

test('who declined in an earlier month is not eligible; in the month itself it still counts as wanting', () => {
  const facts = (timeEnd: string, timeZone = 'UTC') => {
    const enrolments = [enrolment(timeEnd, { nutrition: 'no', growthTracking: 'no' })];
    const [row] = childCare(worldOf({ children: [child()], members: [member()], enrolments, timeZone }), M);
    assert.equal(row?.['want_nutrition_services'], row?.['thr_eligible']);
    assert.equal(row?.['want_counselling_services'], 1);
    return [row['gm_eligible'], row['thr_eligible']];
  };
  assert.deepEqual(facts('2026-01-31T23:59:59Z'), [0, 0]);
  assert.deepEqual(facts('2026-02-01T00:00:00Z'), [1, 1]);
  assert.deepEqual(facts('2026-01-31T18:30:00Z', 'Asia/Kolkata'), [1, 1]);
  assert.deepEqual(facts('2026-03-01T00:00:00Z'), [1, 1]);
});

test('measures are shown to the eligible only, of this month only', () => {
  const measurements = [
    measurement('2026-02-03T00:00:00Z', { weight: '0', height: '', wfa: 'red' }),
    measurement('2026-01-30T00:00:00Z', { height: '70' }),
  ];
  const facts = (dob: string) => {
    const row = rowOf({}, { dob }, { measurements });
    return [row['weight'], row['height'], row['zscore_grading_wfa']];
  };
  assert.deepEqual(facts('2024-02-01'), [0, null, 'red']);
  assert.deepEqual(facts('2020-12-01'), [null, null, null]);
});

test('days of meals and rations are shown to the eligible; 0 for all others and for those without any', () => {
  const given = { meals: [meal('2026-02-03T00:00:00Z')], rations: [ration('2026-02-03T00:00:00Z')] };
  const facts = (dob: string, rest: Partial<World>) => {
    const row = rowOf({}, { dob }, rest);
    return [row['days_pse_attended'], row['days_snd_given'], row['days_thr_given']];
  };
  assert.deepEqual(facts('2022-02-01', given), [1, 1, 0]);
  assert.deepEqual(facts('2024-02-01', given), [0, 0, 25]);
  assert.deepEqual(facts('2022-02-01', {}), [0, 0, 0]);
});

test('answers of the child_care case: yes is 1, no and nothing are 0; an empty weight is none', () => {
  const facts = (given: Partial<Child>) => {
    const row = rowOf(given, {});
    return [row['birth_weight'], row['low_birth_weight'], row['immediate_bf']];
  };
  assert.deepEqual(
    facts({ birthWeight: '2.40', lowBirthWeight: 'yes', breastfeedingInitiated: 'yes' }),
    [2.4, 1, 1],
  );
  assert.deepEqual(facts({ birthWeight: '', lowBirthWeight: 'no', breastfeedingInitiated: '' }), [
    null,
    0,
    0,
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childThr } from '../../truth/child-thr.js';
import { childWeightHeight } from '../../truth/child-weight-height.js';
import { serviceEnrollment } from '../../truth/service-enrollment.js';
import { supplementaryNutrition } from '../../truth/supplementary-nutrition.js';
import { enrolment, M, meal, measurement, ration, worldOf } from './small-world.js';

test('enrolment: the last form of the month counts; only "no" declines', () => {
  const rows = serviceEnrollment(
    worldOf({
      enrolments: [
        enrolment('2026-02-03T10:00:00+05:30', { nutrition: 'no', growthTracking: '', counselling: null }),
        // Later by its text, earlier by the moment.
        enrolment('2026-02-03T04:29:00Z', { nutrition: 'yes' }),
        enrolment('2026-03-01T00:00:00Z'),
        enrolment('2026-02-04T00:00:00Z', { memberId: '' }),
      ],
    }),
    M,
  );
  assert.deepEqual(rows, [
    {
      ...{ domain: 'd', month: M, member_case_id: 'm1', registered_on: '2026-02-03T04:30:00.000000Z' },
      want_nutrition_services: 0,
      want_growth_tracking_services: 1,
      want_counselling_services: 1,
    },
  ]);
});

test('enrolment is carried over three months; a late form changes the months after it', () => {
  const first = enrolment('2025-11-20T08:00:00Z', { nutrition: 'no' });
  const late = enrolment('2025-12-20T08:00:00Z');
  const at = (enrolments: (typeof first)[], month: string) =>
    serviceEnrollment(worldOf({ enrolments }), month).map((row) => row['want_nutrition_services']);
  assert.deepEqual(at([first], '2025-10-01'), []);
  assert.deepEqual(at([first], M), [0]);
  assert.deepEqual(at([first, late], '2025-11-01'), [0]);
  assert.deepEqual(at([late, first], M), [1]);
});

test('of two forms that end at one moment, the one received later counts, then the greater id', () => {
  const timeEnd = '2026-02-03T10:00:00Z';
  const receivedOn = '2026-02-03T11:00:00.000000Z';
  const last = (...enrolments: ReturnType<typeof enrolment>[]) =>
    serviceEnrollment(worldOf({ enrolments }), M)[0]?.['want_nutrition_services'];
  const a = enrolment(timeEnd, { id: 'a', receivedOn, nutrition: 'no' });
  const b = enrolment(timeEnd, { id: 'b', receivedOn });
  const received = enrolment(timeEnd, {
    id: 'a',
    receivedOn: '2026-02-04T00:00:00.000000Z',
    nutrition: 'no',
  });
  assert.deepEqual([last(a, b), last(b, a), last(b, received), last(received, b)], [1, 1, 0, 0]);
});

test('a form without an end belongs to the month in which HQ received it, and comes before the others', () => {
  const receivedOn = '2026-02-20T00:00:00.000000Z';
  const none = enrolment(null, { receivedOn, nutrition: 'no' });
  const [row] = serviceEnrollment(worldOf({ enrolments: [none] }), M);
  assert.deepEqual([row?.['registered_on'], row?.['want_nutrition_services']], [null, 0]);
  const [both] = serviceEnrollment(worldOf({ enrolments: [enrolment('2026-02-01T00:00:00Z'), none] }), M);
  assert.equal(both?.['want_nutrition_services'], 1);
});

test('weight and height: each value on its own, the last that is there; a row even without any', () => {
  const rows = childWeightHeight(
    worldOf({
      measurements: [
        measurement('2026-02-02T08:00:00Z', { weight: '8.10', height: '71', wfa: 'red', hfa: 'green' }),
        measurement('2026-02-09T08:00:00Z', { weight: '', height: null, wfa: '', wfh: 'yellow' }),
        measurement('2026-02-05T08:00:00Z', { weight: '8.4', hfa: '' }),
        measurement('2026-02-06T08:00:00Z', { weight: 'heavy' }),
        measurement('2026-01-31T08:00:00Z', { height: '70' }),
        measurement('2026-02-01T00:00:00Z', { childId: 'c2', weight: '' }),
        measurement('2026-02-01T00:00:00Z', { childId: null, weight: '5' }),
      ],
    }),
    M,
  );
  assert.deepEqual(rows[0], {
    ...{ domain: 'd', month: M, child_case_id: 'c1' },
    ...{ weight: 8.4, last_weight_recorded_date: '2026-02-05T08:00:00.000000Z' },
    ...{ height: 71, last_height_recorded_date: '2026-02-02T08:00:00.000000Z' },
    ...{ zscore_grading_hfa: 'green', last_zscore_grading_hfa_recorded_date: '2026-02-02T08:00:00.000000Z' },
    ...{ zscore_grading_wfh: 'yellow', last_zscore_grading_wfh_recorded_date: '2026-02-09T08:00:00.000000Z' },
    ...{ zscore_grading_wfa: 'red', last_zscore_grading_wfa_recorded_date: '2026-02-02T08:00:00.000000Z' },
  });
  assert.deepEqual(
    rows.map((row) => [row['child_case_id'], row['weight']]),
    [
      ['c1', 8.4],
      ['c2', null],
    ],
  );
});

test('a meal counts once a day and only for a child that is listed', () => {
  const rows = supplementaryNutrition(
    worldOf({
      meals: [
        meal('2026-02-02T08:00:00Z', { served: '' }),
        meal('2026-02-02T12:00:00Z', { present: 'x c1 y', served: 'c1' }),
        meal('2026-02-03T12:00:00Z', { listed: ['c1', 'c1', 'c2'], present: 'c1 c9', served: null }),
        meal('2026-02-04T12:00:00Z', { present: 'c11', served: 'c1' }),
        meal('2026-03-01T12:00:00Z'),
      ],
    }),
    M,
  );
  const end = (day: string) => `2026-02-${day}T12:00:00.000000Z`;
  assert.deepEqual(
    rows.map(({ child_case_id, total_pse_attended, total_snd_given, last_timeend_processed }) => [
      ...[child_case_id, total_pse_attended, total_snd_given, last_timeend_processed],
    ]),
    [
      ['c1', 2, 2, end('04')],
      ['c2', 0, 0, end('03')],
    ],
  );
});

test('two meals either side of local midnight are two days; the border of the month is the zone’s', () => {
  const meals = [
    meal('2026-02-10T18:29:59Z'),
    meal('2026-02-10T18:30:00Z'),
    meal('2026-01-31T18:30:00Z'),
    meal('2026-02-28T18:30:00Z'),
  ];
  const days = (timeZone: string) =>
    supplementaryNutrition(worldOf({ meals, timeZone }), M)[0]?.['total_pse_attended'];
  assert.deepEqual([days('Asia/Kolkata'), days('UTC')], [3, 2]);
});

test('rations add up for those who received them; "" days are none; a twice listed child gets one', () => {
  const rows = childThr(
    worldOf({
      rations: [
        ration('2026-02-02T08:00:00Z', { listed: ['c1', 'c1', 'c2'], days: '13' }),
        ration('2026-02-02T09:00:00Z', { days: '12' }),
        ration('2026-02-20T09:00:00Z', { days: '' }),
        ration('2026-02-21T09:00:00Z', { received: '' }),
      ],
    }),
    M,
  );
  assert.deepEqual(
    rows.map((row) => [row['child_case_id'], row['days_thr_given'], row['last_timeend_processed']]),
    [
      ['c1', 25, '2026-02-21T09:00:00.000000Z'],
      ['c2', 0, '2026-02-02T08:00:00.000000Z'],
    ],
  );
});

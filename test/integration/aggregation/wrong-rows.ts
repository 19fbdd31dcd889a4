import type { GivenExpect } from '../../../orchestrator/aggregation/model.js';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Rows that a model must never make, and the audits that keep them from being published: those and no others. */
export interface WrongRows {
  readonly model: string;
  readonly audits: readonly string[];
  readonly test: GivenExpect;
}

const LEVELS = ['district', 'flwc'];

function wrong(
  model: string,
  audits: readonly string[],
  given: Readonly<Record<string, Rows>>,
  rows: Rows,
): WrongRows {
  const month = model === 'flwc_location' ? null : '2024-02-01';
  const name = `${model}: ${audits.join(', ')}`;
  return { model, audits, test: { name, month, timeZone: 'UTC', levels: LEVELS, given, expect: rows } };
}

const CENTRE = { _id: 'f', location_type_code: 'flwc', district_id: 'd', flwc_id: 'f' };
const DEEP = { location_level: 2, district_id: 'd', flwc_id: 'f' };
const TOP = { location_level: 1, district_id: 'd', flwc_id: 'ALL' };

const locations: readonly WrongRows[] = [
  wrong('flwc_location', ['keys_unique', 'one_row_per_location'], { raw_location: [CENTRE] }, [
    DEEP,
    TOP,
    TOP,
  ]),
  wrong('flwc_location', ['one_row_per_location'], { raw_location: [CENTRE] }, [
    DEEP,
    TOP,
    { location_level: 1, district_id: null, flwc_id: 'ALL' },
  ]),
  wrong('flwc_location', ['levels_known'], { raw_location: [CENTRE] }, [{ ...DEEP, domain: 'x' }, TOP]),
  wrong('flwc_location', ['levels_known'], { raw_location: [CENTRE] }, [DEEP, TOP, { location_level: 3 }]),
  wrong('flwc_location', ['none_lost'], { raw_location: [CENTRE, { ...CENTRE, _id: 'g', flwc_id: 'g' }] }, [
    DEEP,
    TOP,
  ]),
  wrong('flwc_location', ['none_lost'], { raw_location: [{ ...CENTRE, is_archived: true }] }, [DEEP, TOP]),
  wrong('flwc_location', ['ancestors_there'], { raw_location: [CENTRE] }, [DEEP]),
];

const ENROLLED = {
  member_case_id: 'm',
  want_nutrition_services: 1,
  want_growth_tracking_services: 0,
  want_counselling_services: 1,
};
const ENROLMENT = { form__member_caseid_loaded: 'm' };

const enrolments: readonly WrongRows[] = [
  wrong('service_enrollment_form', ['keys_unique'], { raw_service_enrollment_form: [ENROLMENT] }, [
    ENROLLED,
    ENROLLED,
  ]),
  wrong('service_enrollment_form', ['keys_unique'], {}, [{ ...ENROLLED, member_case_id: null }]),
  wrong('service_enrollment_form', ['month_right'], {}, [{ ...ENROLLED, domain: 'other' }]),
  wrong('service_enrollment_form', ['month_right'], {}, [{ ...ENROLLED, want_counselling_services: null }]),
  wrong('service_enrollment_form', ['nobody_lost'], { raw_service_enrollment_form: [ENROLMENT] }, []),
  wrong(
    'service_enrollment_form',
    ['nobody_lost'],
    { service_enrollment_form: [{ ...ENROLLED, month: '2024-01-01' }] },
    [],
  ),
];

/** The three tables of one form each share their audits. */
function ofForms(model: string, source: string, form: (id: string) => object, child: object): WrongRows[] {
  const given = { [source]: [{ ...form('c') }] };
  const row = { child_case_id: 'c', ...child };
  return [
    wrong(model, ['keys_unique'], given, [row, row]),
    wrong(model, ['month_right'], given, [{ ...row, domain: null }]),
    wrong(model, ['children_complete', 'month_right'], given, [{ ...row, month: '2024-03-01' }]),
    wrong(model, ['children_complete'], given, []),
    wrong(model, ['children_complete'], given, [row, { ...row, child_case_id: 'x' }]),
  ];
}

const forms: readonly WrongRows[] = [
  ...ofForms(
    'child_weight_height_form',
    'raw_child_weight_height_form',
    (id) => ({ 'form__case_child_care_case_0__case__@case_id': id }),
    {},
  ),
  ...ofForms(
    'supplementary_nutrition_form',
    'raw_child_snd_form',
    (id) => ({ form__children_cases__item: [{ '@id': id }] }),
    { total_pse_attended: 0, total_snd_given: 29 },
  ),
  wrong(
    'supplementary_nutrition_form',
    ['days_possible'],
    { raw_child_snd_form: [{ form__children_cases__item: [{ '@id': 'c' }] }] },
    [{ child_case_id: 'c', total_pse_attended: 30, total_snd_given: 0 }],
  ),
  ...ofForms(
    'child_thr_form',
    'raw_child_thr_form',
    (id) => ({ form__children_0_3_cases__item: [{ '@id': id }] }),
    { days_thr_given: -3 },
  ),
];

const CASE = {
  _id: 'c',
  month: '2024-01-01',
  indices: [{ identifier: 'parent', referenced_type: 'member', referenced_id: 'm' }],
};
const CHILD = {
  case_id: 'c',
  district_id: 'd',
  flwc_id: 'f',
  age_group: 24,
  ...{ alive_in_month: 1, born_in_month: 0, gm_eligible: 1, pse_eligible: 0, thr_eligible: 1 },
  ...{ want_nutrition_services: 1, want_growth_tracking_services: 1, want_counselling_services: 1 },
  ...{ days_pse_attended: 0, days_snd_given: 0, days_thr_given: 25, low_birth_weight: 0, immediate_bf: 0 },
};
const NOT_ELIGIBLE = { gm_eligible: 0, pse_eligible: 0, thr_eligible: 0, days_thr_given: 0 };

function ofCare(audits: readonly string[], rows: Rows, cases: Rows = [CASE]): WrongRows {
  return wrong('child_care_monthly', audits, { raw_child_care_case: cases }, rows);
}

const children: readonly WrongRows[] = [
  ofCare(['keys_unique'], [CHILD, CHILD]),
  ofCare(['month_right'], [{ ...CHILD, domain: 'x' }]),
  ofCare(['no_child_lost'], []),
  ofCare(['no_child_lost'], [CHILD], [CASE, { ...CASE, _id: 'c2', month: '2024-02-01' }]),
  ofCare(['no_child_lost'], [CHILD], [{ ...CASE, month: '2024-03-01' }]),
  ofCare(['no_child_lost'], [CHILD], [{ ...CASE, closed: true, closed_on: '2024-01-31T23:00:00Z' }]),
  ofCare(['no_child_lost'], [CHILD], [{ ...CASE, indices: [] }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, alive_in_month: 0 }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, pse_eligible: 1 }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, ...NOT_ELIGIBLE, weight: 5 }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, ...NOT_ELIGIBLE, zscore_grading_wfa: 'red' }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, ...NOT_ELIGIBLE, days_snd_given: 1 }]),
  ofCare(['entitlements_hold'], [{ ...CHILD, ...NOT_ELIGIBLE, days_thr_given: 1 }]),
  ofCare(['flags_are_flags'], [{ ...CHILD, immediate_bf: null }]),
  ofCare(['flags_are_flags'], [{ ...CHILD, want_counselling_services: 2 }]),
];

const MEASURES = [
  ...['alive_in_month', 'thr_eligible', 'pse_eligible', 'gm_eligible', 'born_in_month', 'thr_25_days'],
  ...['pse_25_days', 'snd_25_days', 'weight_measured_in_month', 'height_measured_in_month'],
  ...['weight_height_measured_in_month', 'hfa_severe_in_month', 'hfa_moderate_in_month'],
  ...['hfa_normal_in_month', 'wfh_severe_in_month', 'wfh_moderate_in_month', 'wfh_normal_in_month'],
  ...['wfa_severe_in_month', 'wfa_moderate_in_month', 'wfa_normal_in_month', 'immediate_bf_in_month'],
  ...['born_and_weighed_in_month', 'low_birth_weight_in_month'],
];
const NONE = Object.fromEntries(MEASURES.map((measure) => [measure, 0]));
const SUMS = {
  ...NONE,
  age_group: 24,
  children_in_month: 1,
  alive_in_month: 1,
  thr_eligible: 1,
  gm_eligible: 1,
};
const LEAF = { ...SUMS, ...DEEP };
const ROOT = { ...SUMS, ...TOP };

function ofSums(audits: readonly string[], rows: Rows): WrongRows {
  return wrong('agg_child_care', audits, { child_care_monthly: [CHILD], flwc_location: [DEEP, TOP] }, rows);
}

const sums: readonly WrongRows[] = [
  ofSums(
    ['counts_possible', 'keys_unique', 'no_child_lost', 'roll_ups_add_up'],
    [LEAF, ROOT, { ...ROOT, ...NONE, children_in_month: -1 }],
  ),
  ofSums(['keys_unique'], [LEAF, { ...LEAF, ...NONE, children_in_month: 0 }, ROOT]),
  ofSums(['month_right'], [LEAF, { ...ROOT, domain: 'x' }]),
  ofSums(['no_child_lost', 'roll_ups_add_up'], [LEAF]),
  ofSums(
    ['no_child_lost'],
    [
      { ...LEAF, children_in_month: 2 },
      { ...ROOT, children_in_month: 2 },
    ],
  ),
  ofSums(
    ['counts_possible'],
    [
      { ...LEAF, wfa_severe_in_month: 2 },
      { ...ROOT, wfa_severe_in_month: 2 },
    ],
  ),
  ...['gm_eligible', 'wfa_severe_in_month'].map(ofMeasure),
];

/** The sum of one measure is wrong at the top. */
function ofMeasure(measure: string): WrongRows {
  const counted = ['alive_in_month', 'thr_eligible', 'pse_eligible', 'gm_eligible', 'born_in_month'];
  const wrongSum = measure in { alive_in_month: 1, thr_eligible: 1, gm_eligible: 1 } ? 0 : 1;
  const audits = ['roll_ups_add_up', ...(counted.includes(measure) ? ['no_child_lost'] : [])];
  return ofSums(audits.sort(), [LEAF, { ...ROOT, [measure]: wrongSum }]);
}

/** Every measure by itself: one that an audit forgot would not be found. Many, so for Postgres, which is quick. */
export const EACH_MEASURE: readonly WrongRows[] = MEASURES.map(ofMeasure);

export const WRONG_ROWS: readonly WrongRows[] = [...locations, ...enrolments, ...forms, ...children, ...sums];

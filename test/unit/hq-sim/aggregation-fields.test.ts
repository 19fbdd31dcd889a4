import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyUpdate, newCase, type CaseState } from '../../hq-sim/case-model.js';
import { caseUpdatesOf } from '../../hq-sim/case-xml.js';
import { FORM_TYPES, type FormType } from '../../hq-sim/programme/form-types.js';
import { planProgramme } from '../../hq-sim/programme/options.js';
import { tellStory } from '../../hq-sim/programme/story.js';
import { descendants, parseXml, type XmlElement } from '../../hq-sim/xml-tree.js';

/**
 * Everything the nutrition aggregations read of a form or a case, and what they tell apart in it. A path's `@name` is
 * an attribute; each of the values must occur somewhere, besides the shape of an id, a number or a moment.
 */
const ID = /^[0-9a-f-]{36}$/;
const NUMBER = /^\d+(\.\d+)?$/;
const MOMENT = /^\d{4}-\d\d-\d\dT/;
const GRADES = ['green', 'yellow', 'red', ''];
type Wanted = Readonly<Record<string, readonly (string | RegExp)[]>>;

const FORMS: Readonly<Record<Exclude<FormType, 'home_visit'>, Wanted>> = {
  service_enrollment: {
    member_caseid_loaded: [ID],
    want_nutrition_services_check: ['yes', 'no', ''],
    want_growth_tracking_services_check: ['yes', 'no', ''],
    want_counselling_services_check: ['yes', 'no', ''],
    'meta/timeEnd': [MOMENT],
  },
  child_weight_height: {
    'case_child_care_case_0/case/@case_id': [ID],
    weight: [NUMBER, ''],
    height: [NUMBER, ''],
    'height_provided/zscore_grading_hfa': GRADES,
    'height_provided/zscore_grading_wfh': GRADES,
    'weight_provided/zscore_grading_wfa': GRADES,
    'meta/timeEnd': [MOMENT],
  },
  child_snd: {
    'children_cases/item/@id': [ID],
    'children_attendance/present_children': [/^[0-9a-f-]{36}( [0-9a-f-]{36})+$/],
    children_food_served: [/^[0-9a-f-]{36}( [0-9a-f-]{36})+$/],
    'meta/timeEnd': [MOMENT],
  },
  child_thr: {
    'children_0_3_cases/item/@id': [ID],
    'thr_details_group/children_received_thr_id': [ID],
    'thr_details_group/number_of_days_thr_given': ['25', '13', ''],
    'meta/timeEnd': [MOMENT],
  },
};

const CASES: Readonly<Record<string, Wanted>> = {
  child_care: {
    birth_weight: [NUMBER, ''],
    low_birth_weight: ['yes', 'no', ''],
    breastfeeding_initiated: ['yes', 'no', ''],
  },
  member: {
    member_dob: [/^\d{4}-\d\d-\d\d$/, ''],
    member_gender: ['male', 'female'],
    member_death_date: [/^\d{4}-\d\d-\d\d$/, ''],
    mother_case_id: [ID],
  },
};

const forms: XmlElement[] = [];
const cases = new Map<string, CaseState>();
for (const event of tellStory(planProgramme({ forms: 1500 }))) {
  if (event.kind !== 'form') continue;
  const root = parseXml(event.xml);
  forms.push(root);
  for (const update of caseUpdatesOf(root)) {
    const state = cases.get(update.caseId) ?? newCase('d', update.caseId, event.at);
    cases.set(update.caseId, state);
    applyUpdate(state, update, null, event.at);
  }
}
const casesOf = (type: string): CaseState[] => [...cases.values()].filter(({ row }) => row.type === type);

for (const [type, wanted] of Object.entries(FORMS)) {
  test(`the ${type} form has every field its aggregation reads`, () => {
    const { xmlns } = FORM_TYPES[type as FormType];
    const own = forms.filter((root) => root.namespace === xmlns);
    requireValues(wanted, (path) => own.flatMap((root) => valuesAt([root], path.split('/'))));
  });
}

for (const [type, wanted] of Object.entries(CASES)) {
  test(`the ${type} case has every property its aggregation reads`, () => {
    requireValues(wanted, (name) =>
      casesOf(type).flatMap(({ properties }) => {
        const value = properties[name];
        return typeof value === 'string' ? [value] : [];
      }),
    );
    for (const { row } of casesOf(type)) {
      assert.ok(row.name !== null && row.name !== '' && row.opened_on !== null && row.owner_id !== '');
    }
  });
}

test('a child_care case points to its member; some have a second index to one, some are closed', () => {
  const children = casesOf('child_care');
  for (const { indices } of children) {
    assert.equal(indices.get('parent')?.referenced_type, 'member');
    assert.equal(cases.get(indices.get('parent')?.referenced_id ?? '')?.row.type, 'member');
  }
  assert.ok(children.some(({ indices }) => indices.size === 2));
  assert.ok(children.some(({ row }) => row.closed && row.closed_on !== null));
});

test('a form can be filled up to a size by further questions, none of which the aggregations read', () => {
  const sizes: number[] = [];
  const plain = new Set(forms.flatMap((root) => [...descendants(root)].map(({ name }) => name)));
  for (const event of tellStory(planProgramme({ forms: 200, formBytes: 11_000 }))) {
    if (event.kind !== 'form' || !event.xml.includes('openrosa.org/formdesigner')) continue;
    sizes.push(Buffer.byteLength(event.xml));
    const further = [...descendants(parseXml(event.xml))].filter(({ name }) => !plain.has(name));
    assert.ok(further.length > 10 || (sizes.at(-1) ?? 0) > 11_000);
    for (const { text } of further) assert.ok(text.length < 40, 'no question holds a long text');
  }
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  assert.ok(mean > 10_500 && mean < 12_500, `${mean} bytes on average`);
});

function requireValues(wanted: Wanted, valuesOf: (path: string) => readonly string[]): void {
  for (const [path, looks] of Object.entries(wanted)) {
    const values = valuesOf(path);
    for (const look of looks) {
      const found = values.some((value) => (typeof look === 'string' ? value === look : look.test(value)));
      assert.ok(found, `${path} is never ${look === '' ? 'blank' : String(look)}`);
    }
  }
}

function valuesAt(elements: readonly XmlElement[], path: readonly string[]): string[] {
  const [step = '', ...rest] = path;
  if (step.startsWith('@')) return elements.flatMap(({ attributes }) => attributes[step.slice(1)] ?? []);
  const found = elements.flatMap(({ children }) => children.filter(({ name }) => name === step));
  return rest.length === 0 ? found.map(({ text }) => text) : valuesAt(found, rest);
}

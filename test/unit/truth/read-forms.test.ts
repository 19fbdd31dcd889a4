import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORM_TYPES, type FormType } from '../../hq-sim/programme/form-types.js';
import { noForms, takeForm, type ReadForms } from '../../truth/read-forms.js';

const META =
  '<n1:meta xmlns:n1="http://openrosa.org/jr/xforms"><n1:timeEnd>2026-02-01T08:00:00Z</n1:timeEnd></n1:meta>';
const FACTS = { id: 'f', receivedOn: '2026-02-01T09:00:00.000000Z', timeEnd: '2026-02-01T08:00:00Z' };

function taken(type: FormType, answers: string): ReadForms {
  const { xmlns } = FORM_TYPES[type];
  const forms = noForms();
  takeForm(forms, { ...FACTS, xmlns, xml: `<data xmlns="${xmlns}">${answers}${META}</data>` });
  return forms;
}

test('answers are taken by their paths; what is not asked is null, what is not answered is ""', () => {
  assert.deepEqual(taken('service_enrollment', '<member_caseid_loaded>m</member_caseid_loaded>').enrolments, [
    { ...FACTS, memberId: 'm', nutrition: null, growthTracking: null, counselling: null },
  ]);
  const weighed = taken(
    'child_weight_height',
    `<weight/><height>71.5</height><weight_provided><zscore_grading_wfa>red</zscore_grading_wfa></weight_provided>
     <case_child_care_case_0><n0:case xmlns:n0="http://commcarehq.org/case/transaction/v2" case_id="c"/></case_child_care_case_0>`,
  );
  assert.deepEqual(weighed.measurements, [
    { ...FACTS, childId: 'c', weight: '', height: '71.5', hfa: null, wfh: null, wfa: 'red' },
  ]);
});

test('the children of a list; one given twice has its last answer', () => {
  const items = (list: string) => `<${list}><item id="a"><x/></item><item id="b"/></${list}>`;
  const { meals } = taken(
    'child_snd',
    `${items('children_cases')}<children_food_served>a</children_food_served><children_food_served>b</children_food_served>
     <children_attendance><present_children>a b</present_children></children_attendance>`,
  );
  assert.deepEqual(meals, [{ ...FACTS, listed: ['a', 'b'], present: 'a b', served: 'b' }]);
  const { rations } = taken('child_thr', items('children_0_3_cases'));
  assert.deepEqual(rations, [{ ...FACTS, listed: ['a', 'b'], received: null, days: null }]);
});

test('other forms count for nothing; what is no XML is an error', () => {
  assert.deepEqual(taken('home_visit', ''), noForms());
  assert.throws(() => taken('child_thr', '<open>'), { code: 'RECORD_UNREADABLE' });
});

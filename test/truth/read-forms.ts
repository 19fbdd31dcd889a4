import { childNamed, parseXml, type XmlElement } from '../hq-sim/xml-tree.js';
import { FORM_TYPES } from '../hq-sim/programme/form-types.js';
import type { Enrolment, FormFacts, Meal, Measurement, Ration } from './world.js';

/** A form as HQ stores it. */
export interface StoredForm {
  readonly id: string;
  readonly xmlns: string;
  readonly receivedOn: string;
  readonly xml: string;
}

/** The forms that the aggregations read, by kind. */
export interface ReadForms {
  readonly enrolments: Enrolment[];
  readonly measurements: Measurement[];
  readonly meals: Meal[];
  readonly rations: Ration[];
}

export function noForms(): ReadForms {
  return { enrolments: [], measurements: [], meals: [], rations: [] };
}

/** Takes from a form what the aggregations ask of it. @throws LakeError RECORD_UNREADABLE for what is no XML */
export function takeForm(forms: ReadForms, stored: StoredForm): void {
  const root = parseXml(stored.xml);
  const text = (path: string): string | null => textAt(root, path);
  const timeEnd = lastNamed(childNamed(root, 'meta'), 'timeEnd')?.text ?? null;
  const facts: FormFacts = { id: stored.id, receivedOn: stored.receivedOn, timeEnd };
  switch (stored.xmlns) {
    case FORM_TYPES.service_enrollment.xmlns:
      forms.enrolments.push({
        ...facts,
        memberId: text('member_caseid_loaded'),
        nutrition: text('want_nutrition_services_check'),
        growthTracking: text('want_growth_tracking_services_check'),
        counselling: text('want_counselling_services_check'),
      });
      return;
    case FORM_TYPES.child_weight_height.xmlns:
      forms.measurements.push({
        ...facts,
        childId: elementAt(root, 'case_child_care_case_0/case')?.attributes['case_id'] ?? null,
        weight: text('weight'),
        height: text('height'),
        hfa: text('height_provided/zscore_grading_hfa'),
        wfh: text('height_provided/zscore_grading_wfh'),
        wfa: text('weight_provided/zscore_grading_wfa'),
      });
      return;
    case FORM_TYPES.child_snd.xmlns:
      forms.meals.push({
        ...facts,
        listed: listedIn(root, 'children_cases'),
        present: text('children_attendance/present_children'),
        served: text('children_food_served'),
      });
      return;
    case FORM_TYPES.child_thr.xmlns:
      forms.rations.push({
        ...facts,
        listed: listedIn(root, 'children_0_3_cases'),
        received: text('thr_details_group/children_received_thr_id'),
        days: text('thr_details_group/number_of_days_thr_given'),
      });
      return;
    default:
  }
}

export const READ_XMLNS: readonly string[] = [
  FORM_TYPES.service_enrollment.xmlns,
  FORM_TYPES.child_weight_height.xmlns,
  FORM_TYPES.child_snd.xmlns,
  FORM_TYPES.child_thr.xmlns,
];

function elementAt(root: XmlElement, path: string): XmlElement | undefined {
  return path.split('/').reduce<XmlElement | undefined>(lastNamed, root);
}

/** Of an answer that is given twice the last counts. */
function lastNamed(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.findLast((child) => child.name === name);
}

function textAt(root: XmlElement, path: string): string | null {
  return elementAt(root, path)?.text ?? null;
}

function listedIn(root: XmlElement, list: string): string[] {
  return root.children
    .filter(({ name }) => name === list)
    .flatMap(({ children }) => children)
    .filter(({ name }) => name === 'item')
    .map(({ attributes }) => attributes['id'] ?? '');
}

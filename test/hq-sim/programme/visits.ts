import { caseBlock } from '../case-block.js';
import { element, fields, type XmlNode } from '../xml-writer.js';
import { dateText, phoneText, utcDay } from './calendar.js';
import { formXml, gpsText, type Visit } from './envelope.js';
import { ageInMonths, birthText, type Child } from './people.js';
import type { Random } from './random.js';

const GRADES = ['green', 'green', 'green', 'yellow', 'red'] as const;

/** Weighs and measures one child; now and then one of the two is missing, as '' or not there at all. */
export function weightHeightForm(child: Child, visit: Visit, random: Random): string {
  const months = ageInMonths(child, utcDay(visit.endedAt));
  const weight = random.chance(0.08) ? '' : (3.2 + months * 0.22 + random.next()).toFixed(2);
  const height = random.chance(0.2) ? '' : (49 + months * 0.8 + random.next() * 3).toFixed(1);
  const grade = (): string => random.pick(GRADES);
  return formXml(
    'child_weight_height',
    visit,
    [
      ...fields({ child_name: child.name, weight, height }),
      element('weight_provided', fields({ zscore_grading_wfa: weight === '' ? '' : grade(), remark: '' })),
      ...(height === '' && random.chance(0.5)
        ? []
        : [
            element(
              'height_provided',
              fields({
                zscore_grading_hfa: height === '' ? '' : grade(),
                zscore_grading_wfh: height === '' ? '' : grade(),
              }),
            ),
          ]),
      ...fields({
        measured_at: phoneText(visit.startedAt, random),
        measured_on: dateText(utcDay(visit.startedAt)),
      }),
      element('case_child_care_case_0', [
        caseBlock({
          caseId: child.childCareId,
          dateModified: phoneText(visit.endedAt, random),
          userId: visit.worker.userId,
          update: { last_weight: weight, last_height: height },
        }),
      ]),
    ],
    random,
  );
}

/** One day's meal at a centre: the children listed, who came, who was served. */
export function supplementaryNutritionForm(
  children: readonly Child[],
  visit: Visit,
  random: Random,
  attendance = 0.85,
): string {
  const present = children.filter(() => random.chance(attendance)).map((child) => child.childCareId);
  const served = present.filter(() => random.chance(0.97));
  return formXml(
    'child_snd',
    visit,
    [
      element('children_cases', listItems(children, visit)),
      element(
        'children_attendance',
        fields({ present_children: present.join(' '), photo_taken: random.pick(['yes', 'no']) }),
      ),
      ...fields({ children_food_served: served.join(' '), menu: random.pick(['dal rice', 'khichdi', '']) }),
    ],
    random,
  );
}

/** Take-home rations for the children up to three; those who got one are updated inside their item. */
export function takeHomeRationForm(children: readonly Child[], visit: Visit, random: Random): string {
  const received = children.filter(() => random.chance(0.8));
  const at = phoneText(visit.endedAt, random);
  const items = listItems(children, visit, (child) =>
    received.includes(child)
      ? [
          caseBlock({
            caseId: child.childCareId,
            dateModified: at,
            userId: visit.worker.userId,
            update: { thr_last_given: dateText(utcDay(visit.endedAt)) },
          }),
        ]
      : [],
  );
  return formXml(
    'child_thr',
    visit,
    [
      element('children_0_3_cases', items),
      element(
        'thr_details_group',
        fields({
          children_received_thr_id: received.map((child) => child.childCareId).join(' '),
          number_of_days_thr_given: random.pick(['25', '25', '13', '12', '']),
          thr_photo: '',
        }),
      ),
    ],
    random,
  );
}

/**
 * A visit at home: repeats, multiple choice, and now and then the news that the child died or moved away,
 * which closes its case; of some that died nobody closes it.
 */
export function homeVisitForm(child: Child, visit: Visit, random: Random): string {
  const dice = random.next();
  const died = dice < 0.05;
  const left = died || dice < 0.1;
  if (left) child.followed = false;
  const by = { dateModified: phoneText(visit.endedAt, random), userId: visit.worker.userId };
  return formXml(
    'home_visit',
    visit,
    [
      ...homeVisitAnswers(died, visit, random),
      element('case_child_care_case_0', [
        caseBlock({
          ...by,
          caseId: child.childCareId,
          update: { last_visit: dateText(utcDay(visit.endedAt)) },
          close: left && dice >= 0.02,
        }),
      ]),
      ...(died
        ? [
            element('case_member_0', [
              caseBlock({
                ...by,
                caseId: child.memberId,
                update: { member_death_date: dateText(utcDay(visit.startedAt) - 1) },
              }),
            ]),
          ]
        : []),
    ],
    random,
  );
}

function homeVisitAnswers(died: boolean, visit: Visit, random: Random): XmlNode[] {
  const vaccines = Array.from({ length: random.int(0, 4) }, () =>
    element(
      'vaccine',
      fields({
        name: random.pick(['bcg', 'opv', 'measles']),
        given_on: dateText(utcDay(visit.startedAt) - random.int(0, 90)),
      }),
    ),
  );
  return [
    ...fields({
      visit_number: String(random.int(1, 12)),
      child_alive: died ? 'no' : 'yes',
      symptoms: random.pick(['', 'fever', 'fever cough', 'diarrhoea vomiting fever']),
      temperature: random.pick(['', '36.8', '37.4', '98.6F']),
      gps: gpsText(visit, random),
      next_visit: dateText(utcDay(visit.endedAt) + 30),
    }),
    // One topic is a scalar, several are a list: the shape of this question flips from form to form.
    ...Array.from({ length: random.int(0, 3) }, () =>
      element('topic', random.pick(['feeding', 'hygiene', 'growth'])),
    ),
    element('vaccines', vaccines),
  ];
}

function listItems(
  children: readonly Child[],
  visit: Visit,
  extra: (child: Child) => readonly XmlNode[] = () => [],
): XmlNode[] {
  return children.map((child, index) =>
    element(
      'item',
      [
        ...fields({
          child_name: child.name,
          dob: birthText(child),
          age_in_months: ageInMonths(child, utcDay(visit.endedAt)).toFixed(1),
        }),
        ...extra(child),
      ],
      { id: child.childCareId, index: String(index) },
    ),
  );
}

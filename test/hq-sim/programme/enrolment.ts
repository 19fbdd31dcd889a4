import { caseBlock, systemForm, type CaseBlock } from '../case-block.js';
import { element, fields, type XmlNode } from '../xml-writer.js';
import { phoneText } from './calendar.js';
import { formXml, gpsText, type Visit } from './envelope.js';
import { birthText, type Child } from './people.js';
import type { Random } from './random.js';

/** Registers a family (mother and child as members, the child's child_care case) and enrols the child. */
export function enrolmentForm(child: Child, visit: Visit, random: Random): string {
  const [mother, member, care] = familyBlocks(child, visit, random);
  return formXml(
    'service_enrollment',
    visit,
    [
      ...enrolmentAnswers(child, visit, random),
      element('case_member_0', [caseBlock(mother)]),
      element('case_member_1', [caseBlock(member)]),
      element('case_child_care_0', [caseBlock(care)]),
    ],
    random,
  );
}

/** The same cases brought in by an import: HQ writes a form of its own, and nobody has been asked for the wishes. */
export function importForm(child: Child, visit: Visit, random: Random): string {
  const at = phoneText(visit.endedAt, random);
  return systemForm(visit.formId, familyBlocks(child, visit, random), at, 'corehq.apps.case_importer');
}

function familyBlocks(child: Child, visit: Visit, random: Random): [CaseBlock, CaseBlock, CaseBlock] {
  const at = phoneText(visit.endedAt, random);
  const owner = visit.worker.centre.locationId;
  const by = { dateModified: at, userId: visit.worker.userId };
  const mother: CaseBlock = {
    ...by,
    caseId: child.motherId,
    create: { type: 'member', name: child.motherName, ownerId: owner },
    update: {
      member_gender: 'female',
      member_dob: '',
      mobile_number: `98${random.int(10_000_000, 99_999_999)}`,
    },
  };
  const member: CaseBlock = {
    ...by,
    caseId: child.memberId,
    create: { type: 'member', name: child.name, ownerId: owner },
    update: {
      member_dob: birthText(child),
      member_gender: child.gender,
      member_death_date: '',
      mother_case_id: child.motherId,
    },
    ...(random.chance(0.1)
      ? { updateNodes: [element('photo', '', { src: 'photo.jpg', from: 'local' })] }
      : {}),
    index: { mother: { type: 'member', id: child.motherId } },
  };
  return [mother, member, childCare(child, by, random)];
}

/** The same form again for a child that is registered already: the wishes may have changed. */
export function enrolAgainForm(child: Child, visit: Visit, random: Random): string {
  const block: CaseBlock = {
    caseId: child.childCareId,
    dateModified: phoneText(visit.endedAt, random),
    userId: visit.worker.userId,
    update: { enrolment_reviewed: 'yes' },
  };
  return formXml(
    'service_enrollment',
    visit,
    [...enrolmentAnswers(child, visit, random), element('case_child_care_0', [caseBlock(block)])],
    random,
  );
}

function enrolmentAnswers(child: Child, visit: Visit, random: Random): XmlNode[] {
  // "no" is rare; an unanswered question counts as wanting.
  const wish = (): string => (random.chance(0.1) ? 'no' : random.pick(['yes', 'yes', 'yes', '']));
  return [
    ...fields({
      member_caseid_loaded: child.memberId,
      member_name_loaded: child.name,
      want_nutrition_services_check: wish(),
      want_growth_tracking_services_check: wish(),
      want_counselling_services_check: wish(),
      gps: gpsText(visit, random),
    }),
    element(
      'household',
      fields({ religion: random.pick(['', 'hindu', 'muslim', 'other']), members: String(random.int(2, 9)) }),
    ),
  ];
}

function childCare(child: Child, by: Pick<CaseBlock, 'dateModified' | 'userId'>, random: Random): CaseBlock {
  const weight = 1.8 + random.next() * 2;
  const weighed = random.chance(0.85);
  return {
    ...by,
    caseId: child.childCareId,
    create: {
      type: 'child_care',
      name: child.name,
      ownerId: child.ownedByWorker ? child.worker.userId : child.worker.centre.locationId,
    },
    update: {
      birth_weight: weighed ? weight.toFixed(2) : '',
      low_birth_weight: weighed ? (weight < 2.5 ? 'yes' : 'no') : '',
      breastfeeding_initiated: random.pick(['yes', 'yes', 'no', '']),
    },
    index: {
      parent: { type: 'member', id: child.memberId },
      ...(child.hasGuardian ? { guardian: { type: 'member', id: child.motherId } } : {}),
    },
  };
}

import { element, fields, writeXml, type XmlNode } from '../hq-sim/xml-writer.js';

/** Form types of the bench: each makes a table. */
export const FORM_TYPES = 10;
/** Leaf questions in groups, besides the repeat, case block and meta. With their answers about 11 KB. */
const GROUPS = 12;
const QUESTIONS = 16;
const REPEATS = 5;

const WORDS = ['child_weight', 'height', 'mother_name', 'visited', 'ration_days', 'zscore_grading', 'remark'];
const ANSWERS = [
  'yes',
  'no',
  '12.4',
  'not applicable',
  '',
  'green',
  'option_2 option_5',
  'बच्चा स्वस्थ है',
  '2026-01-31',
];

export function xmlnsOf(type: number): string {
  return `http://openrosa.org/formdesigner/0B5EC4A0-BE4C-4000-8000-00000000000${type}`;
}

export interface LargeForm {
  readonly id: string;
  /** 0 to FORM_TYPES - 1. */
  readonly type: number;
  readonly userId: string;
  /** Chooses the answers; the same number gives the same form. */
  readonly number: number;
}

/** A home visit as a phone sends it, about 11 KB: grouped questions, a repeat, a case block, the meta block. */
export function largeForm({ id, type, userId, number }: LargeForm): string {
  const time = new Date(Date.UTC(2026, number % 3, 1 + (number % 28), 4, number % 60)).toISOString();
  const by = { case_id: `${id.slice(0, 8)}-case`, date_modified: time, user_id: userId };
  const content: XmlNode[] = [
    ...Array.from({ length: GROUPS }, (_, group) =>
      element(`group_${group}`, questions(type, group, number)),
    ),
    element(
      'visits',
      Array.from({ length: REPEATS }, (_, index) => repeat(index, number, time)),
    ),
    element(
      'n0:case',
      [element('n0:update', [element('n0:weight', '3.1'), element('n0:last_visit', time.slice(0, 10))])],
      { 'xmlns:n0': 'http://commcarehq.org/case/transaction/v2', ...by },
    ),
    meta(id, userId, time),
  ];
  const attributes = { 'xmlns:jrm': 'http://dev.commcarehq.org/jr/xforms', xmlns: xmlnsOf(type) };
  const root = element('data', content, { ...attributes, uiVersion: '1', version: '112', name: 'Visit' });
  return `<?xml version='1.0' ?>${writeXml(root)}`;
}

function questions(type: number, group: number, number: number): XmlNode[] {
  return Array.from({ length: QUESTIONS }, (_, index) => {
    const word = WORDS[(group + index) % WORDS.length] ?? '';
    const answer = ANSWERS[(number * 7 + group * 5 + index * 3) % ANSWERS.length] ?? '';
    return element(`${word}_${type}_${group}_${index}`, answer);
  });
}

function repeat(index: number, number: number, time: string): XmlNode {
  const answers = {
    visit_number: String(index + 1),
    seen_at: time,
    name: `Child & sibling ${number + index}`,
    remark: ANSWERS[(number + index) % ANSWERS.length] ?? '',
  };
  return element('item', fields(answers), { id: `item-${number}-${index}`, index: String(index) });
}

function meta(id: string, userId: string, time: string): XmlNode {
  const facts = {
    deviceID: 'commcare_1f2e',
    timeStart: time,
    timeEnd: time,
    username: 'worker',
    userID: userId,
  };
  const version = 'CommCare Android, version "2.53.1"(463995). App v112. CommCare Version 2.53. Build 463995';
  return element(
    'n1:meta',
    [
      ...Object.entries({ ...facts, instanceID: id }).map(([name, text]) => element(`n1:${name}`, text)),
      element('n2:appVersion', version, { 'xmlns:n2': 'http://commcarehq.org/xforms' }),
      element('n3:location', '12.971599 77.594566 920.0 12.0', {
        'xmlns:n3': 'http://commcarehq.org/xforms',
      }),
    ],
    { 'xmlns:n1': 'http://openrosa.org/jr/xforms' },
  );
}

import { element, type XmlNode } from '../xml-writer.js';
import type { Random } from './random.js';

/** Sections of a long form; together with the topics they name its questions, the same in every form. */
const SECTIONS = [
  'household',
  'mother',
  'feeding',
  'illness',
  'hygiene',
  'growth',
  'counselling',
  'follow_up',
];
const TOPICS = [
  ...['water_source', 'toilet_type', 'cooking_fuel', 'meals_yesterday', 'iron_tablets_taken', 'last_checkup'],
  ...['danger_sign_seen', 'referred_to_facility', 'card_available', 'hand_washing_shown', 'salt_is_iodised'],
  ...['vitamin_a_given', 'deworming_done', 'mother_present', 'question_skipped_reason', 'days_since_fever'],
  ...['breastfed_today', 'food_groups_eaten', 'bed_net_used', 'next_step_agreed'],
];
const ANSWERS = [
  'yes',
  'no',
  '',
  'not_applicable',
  '1',
  '3',
  '12',
  'piped_water',
  'cereals pulses vegetables',
];

/**
 * Further questions of about so many bytes, as the long forms of real programmes have them: sections of answers, the
 * same questions each time, then a log whose entries repeat. Never one long text.
 */
export function furtherQuestions(bytes: number, random: Random): XmlNode[] {
  const sections: XmlNode[] = [];
  let left = bytes;
  for (const section of SECTIONS) {
    const answers: XmlNode[] = [];
    for (const topic of TOPICS) {
      if (left <= 0) break;
      const answer = random.pick(ANSWERS);
      const name = `${section}_${topic}`;
      left -= 2 * name.length + answer.length + 5;
      answers.push(element(name, answer));
    }
    if (answers.length > 0) sections.push(element(`section_${section}`, answers));
  }
  const entries: XmlNode[] = [];
  for (; left > 0; left -= 90) {
    const noted = [
      element('noted_on', `2026-01-${random.int(10, 29)}`),
      element('remark', random.pick(ANSWERS)),
    ];
    entries.push(element('entry', noted, { number: String(entries.length + 1) }));
  }
  return entries.length === 0 ? sections : [...sections, element('log', entries)];
}

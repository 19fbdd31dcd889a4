import { element, writeXml, type XmlNode } from '../xml-writer.js';
import { phoneText } from './calendar.js';
import { FORM_TYPES, type FormType } from './form-types.js';
import { furtherQuestions } from './further-questions.js';
import type { Worker } from './people.js';
import type { Random } from './random.js';

/** Who fills a form in, and when (UTC milliseconds). */
export interface Visit {
  readonly formId: string;
  readonly worker: Worker;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Further questions fill the form up to about so many bytes. */
  readonly formBytes?: number;
}

const FOREIGN = 'http://commcarehq.org/xforms';
const APP_VERSION =
  'CommCare Android, version "2.53.1"(463995). App v112. CommCare Version 2.53. Build 463995';

/** A whole form as a phone sends it: the answers, then the meta block with its foreign-namespace children. */
export function formXml(type: FormType, visit: Visit, answers: readonly XmlNode[], random: Random): string {
  const { xmlns, title } = FORM_TYPES[type];
  const meta = metaBlock(visit, random);
  const text = (all: readonly XmlNode[]): string => {
    const root = element('data', [...all, meta], {
      'xmlns:jrm': 'http://dev.commcarehq.org/jr/xforms',
      xmlns,
      uiVersion: '1',
      version: '112',
      name: title,
    });
    return `<?xml version='1.0' ?>${writeXml(root)}`;
  };
  const xml = text(answers);
  const missing = (visit.formBytes ?? 0) - Buffer.byteLength(xml);
  return missing <= 0 ? xml : text([...answers, ...furtherQuestions(missing, random)]);
}

/** "lat lon altitude accuracy", or '' when the phone had no fix. */
export function gpsText(visit: Visit, random: Random): string {
  const { latitude, longitude } = visit.worker.centre;
  if (latitude === undefined || longitude === undefined || random.chance(0.1)) return '';
  const near = (degrees: string): string => (Number(degrees) + (random.next() - 0.5) / 100).toFixed(6);
  return `${near(latitude)} ${near(longitude)} ${random.int(200, 600)}.0 ${random.int(3, 30)}.0`;
}

function metaBlock(visit: Visit, random: Random): XmlNode {
  const plain = {
    deviceID: `commcare_${visit.worker.userId.slice(0, 12)}`,
    timeStart: phoneText(visit.startedAt, random),
    timeEnd: phoneText(visit.endedAt, random),
    username: visit.worker.username,
    userID: visit.worker.userId,
    instanceID: visit.formId,
  };
  return element(
    'n1:meta',
    [
      ...Object.entries(plain).map(([name, text]) => element(`n1:${name}`, text)),
      element('n2:appVersion', APP_VERSION, { 'xmlns:n2': FOREIGN }),
      // Phones without a fix leave the element empty.
      element('n3:location', gpsText(visit, random), { 'xmlns:n3': FOREIGN }),
    ],
    { 'xmlns:n1': 'http://openrosa.org/jr/xforms' },
  );
}

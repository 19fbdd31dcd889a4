import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { element, fields, writeXml, type XmlNode } from '../hq-sim/xml-writer.js';
import type { FreshLake } from './fresh-lake.js';

export const VISIT = 'http://openrosa.org/formdesigner/visit';

/** A lake of one form and one case type. */
export function visitsConfig(domain: string): string {
  const forms = { [VISIT]: { name: 'visit' } };
  return stringify({ domains: { [domain]: { forms, cases: { child: {} } } } });
}

/** The XML of a visit; the same id with another weight is an edit, several weights are a list, none is no field. */
function visitXml(id: string, ...weights: readonly string[]): string {
  return visitAt('2026-02-03T10:00:00.000000Z', id, ...weights);
}

function visitAt(time: string, id: string, ...weights: readonly string[]): string {
  return visitOf(
    time,
    id,
    weights.map((weight) => element('weight', weight)),
  );
}

/** A visit with these questions instead of a weight. */
export function visitWith(id: string, questions: readonly XmlNode[]): string {
  return visitOf('2026-02-03T10:00:00.000000Z', id, questions);
}

function visitOf(time: string, id: string, questions: readonly XmlNode[]): string {
  const meta = element(
    'meta',
    fields({ deviceID: 'phone', timeStart: time, timeEnd: time, userID: 'worker', instanceID: id }),
    { xmlns: 'http://openrosa.org/jr/xforms' },
  );
  return writeXml(
    element('data', [...questions, meta], {
      xmlns: VISIT,
      name: 'Visit',
    }),
  );
}

/** Every other one stands raw in the blob store, the rest as gzip. */
export async function submitVisits(
  lake: FreshLake,
  count: number,
  time = '2026-02-03T10:00:00.000000Z',
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await lake.hq.submitForms(
    ids.map((id, index) => ({
      xml: visitAt(time, id, '2.5'),
      domain: lake.domain,
      compress: index % 2 === 0,
    })),
  );
  return ids;
}

export async function editVisit(lake: FreshLake, id: string, ...weights: readonly string[]): Promise<void> {
  await lake.hq.editForm(visitXml(id, ...weights), { domain: lake.domain });
}

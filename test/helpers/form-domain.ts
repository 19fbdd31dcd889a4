import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { element, fields, writeXml } from '../hq-sim/xml-writer.js';
import type { FreshLake } from './fresh-lake.js';

export const VISIT_XMLNS = 'http://openrosa.org/formdesigner/visit';

/** A lake of one form and one case type. */
export function visitsConfig(domain: string): string {
  const forms = { [VISIT_XMLNS]: { name: 'visit' } };
  return stringify({ domains: { [domain]: { forms, cases: { child: {} } } } });
}

/** The XML of a visit; the same id with another weight is an edit. */
function visitXml(id: string, weight: string): string {
  const time = '2026-02-03T10:00:00.000000Z';
  const meta = element(
    'meta',
    fields({ deviceID: 'phone', timeStart: time, timeEnd: time, userID: 'worker', instanceID: id }),
    { xmlns: 'http://openrosa.org/jr/xforms' },
  );
  return writeXml(element('data', [...fields({ weight }), meta], { xmlns: VISIT_XMLNS, name: 'Visit' }));
}

export async function submitVisits(lake: FreshLake, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await lake.hq.submitForms(ids.map((id) => ({ xml: visitXml(id, '2.5'), domain: lake.domain })));
  return ids;
}

export async function editVisit(lake: FreshLake, id: string, weight: string): Promise<void> {
  await lake.hq.editForm(visitXml(id, weight), { domain: lake.domain });
}

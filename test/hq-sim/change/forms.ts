import { CASE_XMLNS } from '../case-xml.js';
import { enrolFamilies, submitVisits } from '../fresh-visits.js';
import type { Hq } from '../hq.js';
import { pickForms, type Picker } from '../picking.js';
import { amendForm } from '../programme/amend.js';
import { allAtOnce, numberOf, oneByOne, type Act, type Kind } from './kind.js';

const live: Act = (hq, picker) => pickForms(hq, picker, 'live');
const deleted: Act = (hq, picker) => pickForms(hq, picker, 'deleted');

export const FORM_CHANGES = {
  submit: { what: 'weigh children that are there, now', act: submitVisits },
  enrol: { what: 'register families: a mother, a child, its child_care case', act: enrolFamilies },
  edit: oneByOne('answer a question of a form otherwise', live, async (hq, id, { domain, salt }) => {
    await hq.editForm(amendForm(await hq.formXml(id), numberOf(`${salt}${id}`)), { domain });
  }),
  archive: oneByOne('archive forms; their cases are rebuilt without them', live, (hq, id) =>
    hq.archiveForm(id),
  ),
  unarchive: oneByOne(
    'bring archived forms back',
    (hq, picker) => pickForms(hq, picker, 'archived'),
    (hq, id) => hq.unarchiveForm(id),
  ),
  delete: allAtOnce('delete forms (a message without subtype)', live, (hq, domain, ids) =>
    hq.deleteForms(domain, ids),
  ),
  undelete: allAtOnce('bring deleted forms back', deleted, (hq, domain, ids) =>
    hq.undeleteForms(domain, ids),
  ),
  purge: allAtOnce('remove deleted forms for good, unannounced', deleted, (hq, domain, ids) =>
    hq.purgeForms(domain, ids),
  ),
  scrub: oneByOne('rewrite the XML in place without its username (GDPR)', live, async (hq, id) => {
    await hq.scrubForm(id, withoutUsername(await hq.formXml(id)));
  }),
  duplicate: again('send a form once more: XFormDuplicate', (xml) => xml),
  'form-error': again('send a form with a case block that has no case_id: XFormError', (xml) =>
    xml.replace(/(<\/[^<>]+>\s*)$/, `<case xmlns="${CASE_XMLNS}"><update/></case>$1`),
  ),
  'submission-error': again('send a form that ends in the middle: SubmissionErrorLog', (xml) =>
    xml.slice(0, xml.length / 2),
  ),
  republish: allAtOnce('announce forms again', live, (hq, _domain, ids) => hq.republish(ids)),
  'republish-deleted': allAtOnce(
    'announce deleted forms as if they were saved',
    deleted,
    (hq, _domain, ids) => hq.republish(ids),
  ),
  retry: allAtOnce(
    'announce forms again as a retry (attempts 1, first publication kept)',
    live,
    (hq, _domain, ids) => hq.republish(ids, { attempts: 1 }),
  ),
} as const satisfies Readonly<Record<string, Kind>>;

/** Sends the XML of forms that are there once more, altered. */
function again(what: string, alter: (xml: string) => string): Kind {
  const act = async (hq: Hq, picker: Picker): Promise<string[]> => {
    const ids: string[] = [];
    for (const id of await live(hq, picker)) {
      ids.push(await hq.submitForm(alter(await hq.formXml(id)), { domain: picker.domain }));
    }
    return ids;
  };
  return { what: `${what}; the ids are the new ones`, act };
}

function withoutUsername(xml: string): string {
  return xml.replace(/(<(?:\w+:)?username>)[^<]*(<)/, '$1removed$2');
}

import { pickCases, pickForms, pickLocations } from '../picking.js';
import { TRANSACTION } from '../case-model.js';
import { formsOfCase } from '../case-store.js';
import { loadForms } from '../form-store.js';
import { rebuildCases } from '../rebuild.js';
import { allAtOnce, numberOf, oneByOne, type Act, type Kind } from './kind.js';

const live: Act = (hq, picker) => pickCases(hq, picker, 'live');
const deleted: Act = (hq, picker) => pickCases(hq, picker, 'deleted');
const ofType =
  (type: string): Act =>
  (hq, picker) =>
    pickCases(hq, picker, 'live', type);

export const CASE_CHANGES = {
  'update-case': oneByOne('give cases another property value', live, (hq, id, { domain, salt }) =>
    hq.submitCases(domain, [{ caseId: id, update: { remark: `Remark ${numberOf(`${salt}${id}`)}` } }]),
  ),
  'close-case': oneByOne('close cases', live, (hq, id, { domain }) =>
    hq.submitCases(domain, [{ caseId: id, close: true }]),
  ),
  'case-type': oneByOne('make members former_member', ofType('member'), (hq, id, { domain }) =>
    hq.submitCases(domain, [{ caseId: id, update: { case_type: 'former_member' } }]),
  ),
  'case-owner': oneByOne('give cases to another centre', live, async (hq, id, picker) => {
    const [owner] = await pickLocations(hq, { ...picker, salt: `${picker.salt}${id}`, count: 1 }, 'flwc');
    if (owner !== undefined)
      await hq.submitCases(picker.domain, [{ caseId: id, update: { owner_id: owner } }]);
  }),
  'remove-index': oneByOne('take the index to the parent off', ofType('child_care'), (hq, id, { domain }) =>
    hq.submitCases(domain, [{ caseId: id, index: { parent: { type: 'member', id: '' } } }]),
  ),
  'empty-case': oneByOne(
    'archive every form of a case: it becomes deleted, without deleted_on',
    ofType('child_care'),
    async (hq, id) => {
      const forms = await formsOfCase(hq.context, id);
      // Some may have been purged.
      const there = await loadForms(hq.context, forms);
      // The form that opened it last: without it the case would lose its type before it is empty.
      for (const formId of forms.filter((each) => there.has(each)).reverse()) await hq.archiveForm(formId);
    },
  ),
  'rebuild-case': oneByOne('rebuild cases from their forms', live, (hq, id, { domain }) =>
    rebuildCases(hq.context, domain, [id], { type: TRANSACTION.rebuildAsked, details: {} }),
  ),
  'delete-case': allAtOnce('delete cases (a message without subtype)', live, (hq, domain, ids) =>
    hq.deleteCases(domain, ids),
  ),
  'undelete-case': allAtOnce('bring deleted cases back', deleted, (hq, domain, ids) =>
    hq.undeleteCases(domain, ids),
  ),
  'purge-case': allAtOnce('remove deleted cases for good, unannounced', deleted, (hq, domain, ids) =>
    hq.purgeCases(domain, ids),
  ),
  'republish-case': allAtOnce('announce cases again', live, (hq, _domain, ids) => hq.republish(ids)),
  'republish-deleted-case': allAtOnce(
    'announce deleted cases as if they were saved',
    deleted,
    (hq, _domain, ids) => hq.republish(ids),
  ),
  'republish-purged': {
    what: 'delete, purge and then announce forms and cases that are gone',
    act: async (hq, picker) => {
      const forms = await pickForms(hq, picker, 'live');
      const cases = await live(hq, picker);
      const { domain } = picker;
      await hq.deleteForms(domain, forms);
      await hq.deleteCases(domain, cases);
      await hq.purgeForms(domain, forms);
      await hq.purgeCases(domain, cases);
      await hq.republishGone('form-sql', domain, forms);
      await hq.republishGone('case-sql', domain, cases);
      return [...forms, ...cases];
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

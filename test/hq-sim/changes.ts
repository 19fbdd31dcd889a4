import { createHash } from 'node:crypto';
import type { Hq } from './hq.js';
import { pickCases, pickForms, pickLocations, type Picker } from './picking.js';
import { amendForm } from './programme/amend.js';
import { submitVisits } from './fresh-visits.js';

type Change = (hq: Hq, picker: Picker) => Promise<string[]>;

/** Every kind of change `hq-sim change` can make, by its name. Each returns the ids it changed. */
export const CHANGES: Readonly<Record<string, Change>> = {
  submit: submitVisits,
  edit: async (hq, picker) => {
    const ids = await pickForms(hq, picker, 'live');
    for (const id of ids) {
      await hq.editForm(amendForm(await hq.formXml(id), numberOf(`${picker.salt}${id}`)), {
        domain: picker.domain,
      });
    }
    return ids;
  },
  archive: oneByOne(
    (hq, picker) => pickForms(hq, picker, 'live'),
    (hq, id) => hq.archiveForm(id),
  ),
  unarchive: oneByOne(
    (hq, picker) => pickForms(hq, picker, 'archived'),
    (hq, id) => hq.unarchiveForm(id),
  ),
  delete: allAtOnce(
    (hq, picker) => pickForms(hq, picker, 'live'),
    (hq, domain, ids) => hq.deleteForms(domain, ids),
  ),
  undelete: allAtOnce(
    (hq, picker) => pickForms(hq, picker, 'deleted'),
    (hq, domain, ids) => hq.undeleteForms(domain, ids),
  ),
  purge: allAtOnce(
    (hq, picker) => pickForms(hq, picker, 'deleted'),
    (hq, domain, ids) => hq.purgeForms(domain, ids),
  ),
  'delete-case': allAtOnce(
    (hq, picker) => pickCases(hq, picker, 'live'),
    (hq, domain, ids) => hq.deleteCases(domain, ids),
  ),
  'undelete-case': allAtOnce(
    (hq, picker) => pickCases(hq, picker, 'deleted'),
    (hq, domain, ids) => hq.undeleteCases(domain, ids),
  ),
  'purge-case': allAtOnce(
    (hq, picker) => pickCases(hq, picker, 'deleted'),
    (hq, domain, ids) => hq.purgeCases(domain, ids),
  ),
  'case-type': oneByOne(
    (hq, picker) => pickCases(hq, picker, 'live', 'member'),
    (hq, id, { domain }) => hq.submitCases(domain, [{ caseId: id, update: { case_type: 'former_member' } }]),
  ),
  republish: allAtOnce(
    (hq, picker) => pickForms(hq, picker, 'live'),
    (hq, _domain, ids) => hq.republish(ids),
  ),
  'republish-case': allAtOnce(
    (hq, picker) => pickCases(hq, picker, 'live'),
    (hq, _domain, ids) => hq.republish(ids),
  ),
  'rename-location': oneByOne(
    (hq, picker) => pickLocations(hq, picker, 'district'),
    (hq, id, { salt }) => hq.renameLocation(id, `Renamed ${numberOf(`${salt}${id}`)}`),
  ),
  'move-location': oneByOne(
    (hq, picker) => pickLocations(hq, picker, 'supervisor'),
    async (hq, id, picker) => {
      const [parentId] = await pickLocations(hq, { ...picker, count: 1 }, 'project');
      if (parentId !== undefined) await hq.moveLocation(id, parentId);
    },
  ),
  'archive-location': oneByOne(
    (hq, picker) => pickLocations(hq, picker, 'flwc'),
    (hq, id) => hq.archiveLocation(id),
  ),
  'unarchive-location': oneByOne(
    (hq, picker) => pickLocations(hq, picker, null, true),
    (hq, id) => hq.unarchiveLocation(id),
  ),
};

function oneByOne(pick: Change, act: (hq: Hq, id: string, picker: Picker) => Promise<unknown>): Change {
  return async (hq, picker) => {
    const ids = await pick(hq, picker);
    for (const id of ids) await act(hq, id, picker);
    return ids;
  };
}

function allAtOnce(
  pick: Change,
  act: (hq: Hq, domain: string, ids: readonly string[]) => Promise<unknown>,
): Change {
  return async (hq, picker) => {
    const ids = await pick(hq, picker);
    if (ids.length > 0) await act(hq, picker.domain, ids);
    return ids;
  };
}

/** A number below a thousand that depends on nothing but the text. */
function numberOf(text: string): number {
  return createHash('md5').update(text).digest().readUInt16BE(0) % 1000;
}

import { applyUpdate, newCase, type CaseState } from '../../hq-sim/case-model.js';
import { caseUpdatesOf } from '../../hq-sim/case-xml.js';
import type { Incident } from '../../hq-sim/programme/incidents.js';
import type { StoryEvent } from '../../hq-sim/programme/story.js';
import { childNamed, parseXml } from '../../hq-sim/xml-tree.js';
import { toUtc } from '../../hq-sim/timestamps.js';
import { noForms, takeForm, type StoredForm } from '../../truth/read-forms.js';
import type { Place, Setting, World } from '../../truth/world.js';

interface Told {
  readonly forms: Map<string, StoredForm>;
  readonly away: Map<string, StoredForm>;
  readonly cases: Map<string, CaseState>;
  readonly places: Map<string, Place>;
}

/**
 * About the world that a story leaves behind, without HQ's stores: forms that are archived or deleted are taken away, but
 * cases are not rebuilt without them. Enough to see what occurs in a story.
 */
export function toldWorld(story: Iterable<StoryEvent>, setting: Setting): World {
  const told: Told = { forms: new Map(), away: new Map(), cases: new Map(), places: new Map() };
  for (const event of story) {
    if (event.kind === 'form') arrive(told, event.formId, event.xml, event.at);
    else if (event.kind === 'incident') happen(told, event.incident);
    else
      for (const { locationId: id, parentId = null, typeCode: type, name, siteCode } of event.geography
        .places)
        told.places.set(id, { id, parentId, type, name, siteCode, archived: false });
  }
  const forms = noForms();
  for (const form of told.forms.values()) takeForm(forms, form);
  const live = [...told.cases.values()].filter(({ row }) => !row.deleted);
  const ofType = (type: string) => live.filter(({ row }) => row.type === type);
  return {
    ...{ setting, places: [...told.places.values()], ...forms },
    members: ofType('member').map((state) => ({
      ...{ id: state.row.case_id, name: state.row.name },
      dob: property(state, 'member_dob'),
      gender: property(state, 'member_gender'),
      deathDate: property(state, 'member_death_date'),
      motherId: property(state, 'mother_case_id'),
    })),
    children: ofType('child_care').map((state) => ({
      ...{ id: state.row.case_id, ownerId: state.row.owner_id, openedOn: state.row.opened_on },
      ...{ closed: state.row.closed, closedOn: state.row.closed_on },
      indices: [...state.indices.values()].map((index) => ({
        ...{ identifier: index.identifier, type: index.referenced_type, id: index.referenced_id },
      })),
      birthWeight: property(state, 'birth_weight'),
      lowBirthWeight: property(state, 'low_birth_weight'),
      breastfeedingInitiated: property(state, 'breastfeeding_initiated'),
    })),
  };
}

function arrive({ forms, cases }: Told, id: string, xml: string, at: string): void {
  const root = parseXml(xml);
  forms.set(id, { id, xmlns: root.namespace, receivedOn: toUtc(at), xml });
  const userId = childNamed(childNamed(root, 'meta'), 'userID')?.text ?? null;
  for (const update of caseUpdatesOf(root)) {
    const state = cases.get(update.caseId) ?? newCase('d', update.caseId, at);
    cases.set(update.caseId, state);
    applyUpdate(state, update, userId, toUtc(at));
  }
}

function happen(told: Told, incident: Incident): void {
  const { forms, away, cases } = told;
  switch (incident.act) {
    case 'edit': {
      const before = forms.get(incident.id);
      if (before !== undefined) forms.set(incident.id, { ...before, xml: incident.xml });
      return;
    }
    case 'archive':
    case 'delete-form':
      moveForm(forms, away, incident.id);
      return;
    case 'unarchive':
    case 'undelete-form':
      moveForm(away, forms, incident.id);
      return;
    case 'delete-case':
    case 'undelete-case': {
      const state = cases.get(incident.id);
      if (state !== undefined) state.row.deleted = incident.act === 'delete-case';
      return;
    }
    case 'case-type': {
      const state = cases.get(incident.id);
      if (state !== undefined) state.row.type = incident.type;
      return;
    }
    default:
      happenToPlaces(told.places, incident);
  }
}

function happenToPlaces(places: Map<string, Place>, incident: Incident): void {
  const change = (id: string, changes: Partial<Place>): void => {
    const place = places.get(id);
    if (place !== undefined) places.set(id, { ...place, ...changes });
  };
  if (incident.act === 'move-location') change(incident.id, { parentId: incident.parentId });
  if (incident.act !== 'archive-location' && incident.act !== 'unarchive-location') return;
  const archived = incident.act === 'archive-location';
  for (let ids = [incident.id]; ids.length > 0;) {
    for (const id of ids) change(id, { archived });
    const above = ids;
    ids = [...places.values()].filter(({ parentId }) => above.includes(parentId ?? '')).map(({ id }) => id);
  }
  for (let at = places.get(incident.id)?.parentId ?? null; !archived && at !== null;) {
    change(at, { archived });
    at = places.get(at)?.parentId ?? null;
  }
}

function moveForm(from: Map<string, StoredForm>, to: Map<string, StoredForm>, id: string): void {
  const form = from.get(id);
  if (form === undefined) return;
  from.delete(id);
  to.set(id, form);
}

function property({ properties }: CaseState, name: string): string | null {
  const value = properties[name];
  return typeof value === 'string' ? value : null;
}

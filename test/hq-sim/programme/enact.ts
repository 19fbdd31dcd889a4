import type { Hq } from '../hq.js';
import type { Incident } from './incidents.js';

/** Makes an incident happen in HQ. */
export async function enact(hq: Hq, domain: string, incident: Incident): Promise<void> {
  switch (incident.act) {
    case 'edit':
      // In a story told again the edit may have happened already.
      if ((await hq.formXml(incident.id)) !== incident.xml) await hq.editForm(incident.xml, { domain });
      return;
    case 'archive':
      await hq.archiveForm(incident.id);
      return;
    case 'unarchive':
      await hq.unarchiveForm(incident.id);
      return;
    case 'delete-form':
      await hq.deleteForms(domain, [incident.id]);
      return;
    case 'undelete-form':
      await hq.undeleteForms(domain, [incident.id]);
      return;
    case 'purge-form':
      await hq.purgeForms(domain, [incident.id]);
      return;
    case 'delete-case':
      await hq.deleteCases(domain, [incident.id]);
      return;
    case 'undelete-case':
      await hq.undeleteCases(domain, [incident.id]);
      return;
    case 'purge-case':
      await hq.purgeCases(domain, [incident.id]);
      return;
    case 'republish':
      await hq.republish([incident.id]);
      return;
    case 'case-type':
      await hq.submitCases(domain, [{ caseId: incident.id, update: { case_type: incident.type } }]);
      return;
    case 'move-user':
      await hq.saveUser(domain, incident.worker);
      return;
    default:
      await enactPlace(hq, incident);
  }
}

type PlaceIncident = Extract<
  Incident,
  { act: 'rename-location' | 'move-location' | 'archive-location' | 'unarchive-location' }
>;

async function enactPlace(hq: Hq, incident: PlaceIncident): Promise<void> {
  switch (incident.act) {
    case 'rename-location':
      await hq.renameLocation(incident.id, incident.name);
      return;
    case 'move-location':
      await hq.moveLocation(incident.id, incident.parentId);
      return;
    case 'archive-location':
      await hq.archiveLocation(incident.id);
      return;
    case 'unarchive-location':
      await hq.unarchiveLocation(incident.id);
      return;
  }
}

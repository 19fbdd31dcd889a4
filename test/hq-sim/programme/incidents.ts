import type { MobileWorker } from '../user.js';
import { amendForm, monthEarlier } from './amend.js';
import type { Child, Worker } from './people.js';
import type { Geography } from './places.js';
import type { Random } from './random.js';

/** A form that has reached HQ. */
export interface SentForm {
  readonly formId: string;
  readonly xml: string;
}

/** Something that happens in HQ other than a new form. */
export type Incident =
  | { readonly act: 'edit'; readonly id: string; readonly xml: string }
  | {
      readonly act: 'archive' | 'unarchive' | 'delete-form' | 'undelete-form' | 'purge-form';
      readonly id: string;
    }
  | { readonly act: 'delete-case' | 'undelete-case' | 'purge-case' | 'republish'; readonly id: string }
  | { readonly act: 'case-type'; readonly id: string; readonly type: string }
  | { readonly act: 'move-user'; readonly worker: MobileWorker }
  | { readonly act: 'rename-location'; readonly id: string; readonly name: string }
  | { readonly act: 'move-location'; readonly id: string; readonly parentId: string }
  | { readonly act: 'archive-location' | 'unarchive-location'; readonly id: string };

export interface Scene {
  readonly random: Random;
  readonly geography: Geography;
  readonly workers: readonly Worker[];
  readonly children: readonly Child[];
  /** What is drawn for a fate of its own is taken out, so that no form meets two. */
  readonly recent: SentForm[];
}

/** A month's share of edits, archives, deletes, undeletes, moves. `round` counts the months. */
export function drawIncidents(scene: Scene, round: number): Incident[] {
  const incidents: Incident[] = [];
  const fate = (tell: (form: SentForm) => Incident[]): void => {
    const [form] = scene.recent.splice(scene.random.int(0, Math.max(1, scene.recent.length)), 1);
    if (form !== undefined) incidents.push(...tell(form));
  };
  fate((form) => [{ act: 'edit', id: form.formId, xml: amendForm(form.xml, round * 10 + 1) }]);
  fate((form) => [
    { act: 'edit', id: form.formId, xml: amendForm(form.xml, round * 10 + 2) },
    { act: 'edit', id: form.formId, xml: amendForm(form.xml, round * 10 + 3) },
  ]);
  fate(({ formId: id }) => [{ act: 'archive', id }]);
  fate(({ formId: id }) => [
    { act: 'archive', id },
    { act: 'unarchive', id },
  ]);
  fate(({ formId: id }) => [{ act: 'delete-form', id }]);
  fate(({ formId: id }) => [
    { act: 'delete-form', id },
    { act: 'undelete-form', id },
  ]);
  fate(({ formId: id }) => [{ act: 'republish', id }]);
  if (round % 3 === 1) {
    fate(({ formId: id }) => [
      { act: 'delete-form', id },
      { act: 'purge-form', id },
    ]);
  }
  // By its place, not by chance: what a form of another month leaves behind must be seen in every story.
  const clockWasWrong = scene.recent.pop();
  if (clockWasWrong !== undefined) {
    const { formId: id, xml } = clockWasWrong;
    incidents.push({ act: 'edit', id, xml: monthEarlier(xml) });
  }
  return [...incidents, ...caseIncidents(scene, round), ...placeIncidents(scene, round)];
}

function caseIncidents({ random, children, workers, geography }: Scene, round: number): Incident[] {
  if (children.length < 4) return [];
  const gone = random.pick(children);
  const back = random.pick(children);
  const orphan = random.pick(children);
  const mother = random.pick(children);
  const worker = random.pick(workers);
  const centre = random.pick(geography.byLevel.flwc);
  return [
    { act: 'delete-case', id: gone.childCareId },
    { act: 'delete-case', id: back.memberId },
    { act: 'undelete-case', id: back.memberId },
    // Its child_care case stays, without a member.
    ...(round % 3 === 1 ? [{ act: 'delete-case', id: orphan.memberId } as const] : []),
    ...(round % 3 === 2 ? [{ act: 'case-type', id: mother.motherId, type: 'former_member' } as const] : []),
    {
      act: 'move-user',
      worker: {
        userId: worker.userId,
        username: worker.username,
        caseId: worker.usercaseId,
        locationId: centre.locationId,
        formId: random.uuid(),
      },
    },
  ];
}

function placeIncidents({ random, geography }: Scene, round: number): Incident[] {
  const { supervisor, project, district, flwc } = geography.byLevel;
  const last = flwc.at(-1);
  if (last === undefined) return [];
  const closing: Incident[] = [
    { act: 'archive-location', id: last.locationId },
    ...(round % 2 === 1 ? [{ act: 'unarchive-location', id: last.locationId } as const] : []),
  ];
  const renamed = random.pick(district);
  return [
    { act: 'rename-location', id: renamed.locationId, name: `${renamed.name} (नया ${round + 1})` },
    {
      act: 'move-location',
      id: random.pick(supervisor).locationId,
      parentId: random.pick(project).locationId,
    },
    ...closing,
    ...(round === 1 ? movedUnderAnArchivedPlace(geography) : []),
  ];
}

/** A supervisor is closed with all its centres; then a living centre is put below it. */
function movedUnderAnArchivedPlace({ byLevel: { supervisor, flwc } }: Geography): Incident[] {
  const closed = supervisor.at(-2);
  const moved = flwc[Math.floor(flwc.length / 2)];
  if (closed === undefined || moved?.parentId === undefined) return [];
  return [
    // It may be there from the last time, and would be archived with the place.
    { act: 'move-location', id: moved.locationId, parentId: moved.parentId },
    { act: 'archive-location', id: closed.locationId },
    { act: 'move-location', id: moved.locationId, parentId: closed.locationId },
  ];
}

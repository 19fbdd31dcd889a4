import { createHash } from 'node:crypto';
import { LakeError } from '../../orchestrator/errors.js';
import type { CaseState } from './case-model.js';
import { loadCases } from './case-store.js';
import type { Hq } from './hq.js';
import { pickCases, type Picker } from './picking.js';
import { enrolmentForm } from './programme/enrolment.js';
import type { Visit } from './programme/envelope.js';
import { makeChild, makeWorker, type Child, type Worker } from './programme/people.js';
import { seededRandom, type Random } from './programme/random.js';
import { weightHeightForm } from './programme/visits.js';
import { toMicros } from './timestamps.js';
import { USERCASE_TYPE } from './users.js';

const DAY_MS = 86_400_000;

/** Weighs children that HQ knows, now. @returns the new forms' ids */
export async function submitVisits(hq: Hq, picker: Picker): Promise<string[]> {
  const children = [
    ...(await loadCases(hq.context, await pickCases(hq, picker, 'live', 'child_care'))).values(),
  ];
  if (children.length === 0)
    throw new LakeError('USAGE', 'There are no child_care cases: run `hq-sim load` first');
  const workers = await workersOf(hq, picker);
  const random = seededRandom(createHash('md5').update(picker.salt).digest().readUInt32BE(0));
  const ids: string[] = [];
  for (let index = 0; index < picker.count; index++) {
    const state = random.pick(children);
    const worker = workers.get(state.row.owner_id) ?? random.pick([...workers.values()]);
    const visit = visitNow(hq, worker, random);
    const xml = weightHeightForm(childOf(state, worker), visit, random);
    ids.push(await hq.submitForm(xml, { domain: picker.domain }));
  }
  return ids;
}

/** Registers families at workers' centres, now. @returns the new forms' ids */
export async function enrolFamilies(hq: Hq, picker: Picker): Promise<string[]> {
  const workers = [...(await workersOf(hq, picker)).values()];
  if (workers.length === 0) throw new LakeError('USAGE', 'There are no workers: run `hq-sim load` first');
  const random = seededRandom(createHash('md5').update(picker.salt).digest().readUInt32BE(0));
  const ids: string[] = [];
  for (let index = 0; index < picker.count; index++) {
    const visit = visitNow(hq, random.pick(workers), random);
    const child = makeChild(visit.worker, Math.floor(visit.endedAt / DAY_MS), index, random);
    ids.push(await hq.submitForm(enrolmentForm(child, visit, random), { domain: picker.domain }));
  }
  return ids;
}

function visitNow(hq: Hq, worker: Worker, random: Random): Visit {
  const endedAt = Math.floor(toMicros(hq.context.clock.next()) / 1000);
  return { formId: random.uuid(), worker, startedAt: endedAt - 300_000, endedAt };
}

/** Workers by the location their usercase names. */
async function workersOf(hq: Hq, picker: Picker): Promise<Map<string, Worker>> {
  const random = seededRandom(1);
  const usercases = await pickCases(hq, { ...picker, count: 10_000 }, 'live', USERCASE_TYPE);
  const workers = new Map<string, Worker>();
  for (const { row, properties } of (await loadCases(hq.context, usercases)).values()) {
    const locationId = properties['commcare_location_id'];
    if (typeof locationId !== 'string' || locationId === '') continue;
    const centre = { locationId, name: '', siteCode: '', typeCode: 'flwc' as const };
    const made = makeWorker(centre, 0, random);
    workers.set(locationId, {
      ...made,
      usercaseId: row.case_id,
      userId: row.external_id ?? '',
      username: row.name ?? '',
    });
  }
  return workers;
}

/** The visit's form needs a name, an id and about an age; the age is counted from the case's opening. */
function childOf(state: CaseState, worker: Worker): Child {
  const opened = toMicros(state.row.opened_on ?? state.row.modified_on) / 1000;
  return {
    name: state.row.name ?? '',
    gender: 'female',
    born: Math.floor(opened / DAY_MS) - 30,
    memberId: state.indices.get('parent')?.referenced_id ?? '',
    childCareId: state.row.case_id,
    motherId: '',
    motherName: '',
    worker,
    hasGuardian: false,
    ownedByWorker: false,
    birthUnknown: false,
    imported: false,
    followed: true,
  };
}

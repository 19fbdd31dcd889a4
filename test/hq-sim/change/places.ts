import { randomUUID } from 'node:crypto';
import { LakeError } from '../../../orchestrator/errors.js';
import { loadCases } from '../case-store.js';
import type { Hq } from '../hq.js';
import { pickCases, pickLocations, type Picker } from '../picking.js';
import type { MobileWorker } from '../user.js';
import { USERCASE_TYPE } from '../users.js';
import { allAtOnce, numberOf, oneByOne, type Act, type Kind } from './kind.js';

const at =
  (level: string | null, archived = false): Act =>
  (hq, picker) =>
    pickLocations(hq, picker, level, archived);

export const PLACE_CHANGES = {
  'create-location': { what: 'new centres', act: createCentres },
  'rename-location': oneByOne('rename districts', at('district'), (hq, id, { salt }) =>
    hq.renameLocation(id, `Renamed ${numberOf(`${salt}${id}`)}`),
  ),
  'move-location': oneByOne(
    'put supervisors under other projects',
    at('supervisor'),
    async (hq, id, picker) => {
      const [parentId] = await pickLocations(hq, { ...picker, count: 1 }, 'project');
      if (parentId !== undefined) await hq.moveLocation(id, parentId);
    },
  ),
  'archive-location': oneByOne('archive centres', at('flwc'), (hq, id) => hq.archiveLocation(id)),
  'unarchive-location': oneByOne('bring archived locations back', at(null, true), (hq, id) =>
    hq.unarchiveLocation(id),
  ),
  'delete-location': oneByOne('delete centres for good', at('flwc'), (hq, id) => hq.deleteLocation(id)),
  'republish-location': allAtOnce('announce locations again', at(null), (hq, _domain, ids) =>
    hq.republish(ids),
  ),
  'rename-location-type': {
    what: 'rename the type of the lowest level; HQ announces nothing',
    act: async (hq, { domain, salt }) => {
      await hq.editLocationType(domain, 'flwc', { name: `FLWC ${numberOf(salt)}` });
      return ['flwc'];
    },
  },
  'create-user': { what: 'new workers at centres that are there', act: createWorkers },
  'move-user': eachWorker('assign workers to other centres', async (hq, worker, picker) => {
    const salt = `${picker.salt}${worker.caseId}`;
    const [locationId] = await pickLocations(hq, { ...picker, salt, count: 1 }, 'flwc');
    await hq.saveUser(picker.domain, { ...worker, locationId: locationId ?? null });
  }),
  'unassign-user': eachWorker('take their centre from workers', (hq, worker, { domain }) =>
    hq.saveUser(domain, { ...worker, locationId: null }),
  ),
  'delete-user': eachWorker(
    'delete workers; HQ then deletes their forms and the cases they own',
    (hq, worker, { domain }) => hq.deleteUser(domain, worker.userId),
  ),
} as const satisfies Readonly<Record<string, Kind>>;

async function createCentres(hq: Hq, picker: Picker): Promise<string[]> {
  const [parentId] = await pickLocations(hq, { ...picker, count: 1 }, 'supervisor');
  if (parentId === undefined)
    throw new LakeError('USAGE', 'There are no supervisors: run `hq-sim load` first');
  return await hq.createLocations(
    picker.domain,
    Array.from({ length: picker.count }, (_, index) => {
      const siteCode = `flwc_new_${randomUUID().slice(0, 8)}`;
      return { name: `New centre ${index + 1}`, typeCode: 'flwc', siteCode, parentId };
    }),
  );
}

async function createWorkers(hq: Hq, picker: Picker): Promise<string[]> {
  const centres = await pickLocations(hq, picker, 'flwc');
  const ids: string[] = [];
  for (const locationId of centres) {
    const userId = randomUUID().replaceAll('-', '');
    const username = `worker-${userId.slice(0, 6)}`;
    await hq.saveUser(picker.domain, { userId, username, locationId, caseId: randomUUID() });
    ids.push(userId);
  }
  return ids;
}

/** Workers are found by their usercases. */
function eachWorker(
  what: string,
  act: (hq: Hq, worker: Omit<MobileWorker, 'locationId'>, picker: Picker) => Promise<unknown>,
): Kind {
  return oneByOne(
    what,
    (hq, picker) => pickCases(hq, picker, 'live', USERCASE_TYPE),
    async (hq, caseId, picker) => {
      const row = (await loadCases(hq.context, [caseId])).get(caseId)?.row;
      await act(hq, { caseId, userId: row?.external_id ?? '', username: row?.name ?? '' }, picker);
    },
  );
}

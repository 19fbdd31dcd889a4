import { crashPoint } from '../crash-point.js';
import { LakeError } from '../errors.js';
import type { Moment } from '../extract/request.js';
import { openBatches } from '../ledger/batches.js';
import {
  knownLocations,
  pendingLooks,
  readSeenTypes,
  writeLook,
  type TypeLook,
} from '../ledger/location-types.js';
import { lockTopic, planPage, readTopic, type PlannedIds } from '../ledger/planning.js';
import { manifestFolder, writeIds } from '../plan/id-manifest.js';
import { LOCATION, momentNow, type PlanningConfig, type TypesContext } from './follow-types.js';

/** A page is a small batch, so that live changes never wait long; and while so many are open no further one is planned. */
const IDS_PER_PAGE = 5_000;
const MOST_OPEN_BATCHES = 8;

/** The next page of a domain, and where its look stands once it is planned. */
interface NextPage {
  readonly ids: readonly string[];
  readonly after: TypeLook;
}

/**
 * Plans the next page of locations whose types have changed, or that have gone with their type: one per domain at most.
 * The page and how far the look has come are one transaction.
 * @returns the number of pages planned
 */
export async function planFanOut(
  context: TypesContext,
  { configVersionId }: PlanningConfig,
  signal?: AbortSignal,
): Promise<number> {
  const { database } = context;
  const looks = await pendingLooks(database);
  if (looks.length === 0 || (await readTopic(database, LOCATION)).state !== 'running') return 0;
  const open = [...(await openBatches(database, LOCATION)).values()].reduce((sum, count) => sum + count, 0);
  let planned = 0;
  for (const look of looks.slice(0, Math.max(0, MOST_OPEN_BATCHES - open))) {
    const next = await nextPage(context, look, await momentNow(database, signal));
    if (await plan(context, look, next, configVersionId)) planned++;
  }
  return planned;
}

async function nextPage(context: TypesContext, look: TypeLook, moment: Moment): Promise<NextPage> {
  const { locationTypes } = context.hq;
  const { domain, typeIds, plannedUntil, soughtUntil } = look;
  if (typeIds.length > 0) {
    const found = await locationTypes.locationsOf(domain, typeIds, plannedUntil, IDS_PER_PAGE, moment);
    const last = found.length < IDS_PER_PAGE ? undefined : found.at(-1);
    const after =
      last === undefined
        ? { ...look, typeIds: [], plannedUntil: 0n }
        : { ...look, plannedUntil: last.number };
    return { ids: found.map(({ id }) => id), after };
  }
  const known = await knownLocations(context.database, domain, soughtUntil ?? '', IDS_PER_PAGE);
  const last = known.length < IDS_PER_PAGE ? undefined : known.at(-1);
  const ids = known.length === 0 ? [] : await locationTypes.absent(domain, known, moment);
  return { ids, after: { ...look, soughtUntil: last ?? null } };
}

/** @returns whether a page was planned: not when nothing is left, or another process was faster */
async function plan(
  context: TypesContext,
  look: TypeLook,
  { ids, after }: NextPage,
  configVersionId: bigint,
): Promise<boolean> {
  const { database, checkpoint } = context;
  const entries = ids.map((id) => ({ domain: look.domain, id, partition: null, offset: null }));
  const written = ids.length === 0 ? undefined : await writeIds(checkpoint, entries);
  try {
    const batchId = await database.transaction(async (tx) => {
      await lockTopic(tx, LOCATION, configVersionId);
      const { look: now } = await readSeenTypes(tx, look.domain);
      if (now === undefined || !isSame(now, look)) throw new LakeError('LEASE_LOST', 'Planned by another');
      await writeLook(tx, after);
      return written === undefined ? undefined : planPage(tx, pageOf(written));
    });
    crashPoint('after-fan-out');
    if (batchId === undefined) return false;
    const facts = { topic: LOCATION, batchId: batchId.toString(), domain: look.domain, ids: ids.length };
    context.logger.info('locations of changed types planned', facts);
    return true;
  } catch (thrown) {
    // Only a certain "no" frees the folder: after a lost answer the batch may stand.
    if (written !== undefined && thrown instanceof LakeError && thrown.code !== 'LEDGER_FAILED')
      await checkpoint.deleteFolder(manifestFolder(written.manifestPath));
    if (thrown instanceof LakeError && thrown.code === 'LEASE_LOST') return false;
    throw thrown;
  }
}

function pageOf(written: Omit<PlannedIds, 'topic'>): PlannedIds & { readonly kind: 'fan-out' } {
  return { topic: LOCATION, kind: 'fan-out', ...written };
}

function isSame(a: TypeLook, b: TypeLook): boolean {
  return (
    a.typeIds.join() === b.typeIds.join() &&
    a.plannedUntil === b.plannedUntil &&
    a.soughtUntil === b.soughtUntil
  );
}

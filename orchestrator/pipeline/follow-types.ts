import { isKept, type LakeConfig } from '../config/lake.js';
import { crashPoint } from '../crash-point.js';
import { LakeError } from '../errors.js';
import type { Moment } from '../extract/request.js';
import type { Queryable } from '../ledger/database.js';
import {
  forgetOtherDomains,
  isUnread,
  readSeenTypes,
  rememberTypes,
  type SeenTypes,
} from '../ledger/location-types.js';
import { lockTopic, readTopic } from '../ledger/planning.js';
import { topDown, typeChanges } from '../plan/location-types.js';
import type { LocationType, Topic } from '../types.js';
import type { PipelineContext } from './context.js';

export const LOCATION: Topic = 'location';

/** What following the types needs of the outside world. */
export type TypesContext = Pick<PipelineContext, 'database' | 'hq' | 'checkpoint' | 'logger'>;

/** The configuration a process plans with; another active one refuses the plan. */
export interface PlanningConfig {
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
}

/**
 * HQ announces an edited location type nowhere (decision 0016): looks at the types of every kept domain, and where they
 * are not as they were, remembers them and which locations are to be read again, in one transaction. Any process may
 * look at any moment: the comparison that counts is made with the topic's row held.
 * @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED, CONFIG_NOT_ACTIVE, LEASE_LOST (halted or paused meanwhile)
 */
export async function lookAtTypes(
  context: TypesContext,
  { config, configVersionId }: PlanningConfig,
  signal?: AbortSignal,
): Promise<void> {
  const { database, hq } = context;
  if ((await readTopic(database, LOCATION)).state !== 'running') return;
  const kept = Object.keys(config.domains).filter((domain) => isKept(config, domain, 'location'));
  const now = await hq.locationTypes.read(kept, await momentNow(database, signal));
  for (const [domain, types] of now) {
    const seen = await readSeenTypes(database, domain);
    if (seen.look !== undefined && !isNews(seen, types)) continue;
    const changed = await database.transaction(async (tx) => {
      await lockTopic(tx, LOCATION, configVersionId);
      return remember(tx, domain, types);
    });
    crashPoint('after-types-seen');
    if (changed === undefined) continue;
    context.logger.info('location types changed', { topic: LOCATION, domain, ...changed });
  }
  await database.transaction(async (tx) => {
    await lockTopic(tx, LOCATION, configVersionId);
    await forgetOtherDomains(tx, kept);
  });
}

/** What is read from HQ has to be as new as this: the ledger's clock, as for pages. */
export async function momentNow(database: Queryable, signal?: AbortSignal): Promise<Moment> {
  const [row] = await database.query<{ now: string }>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The ledger does not tell the time');
  return { newestPublishTimestamp: row.now, ...(signal === undefined ? {} : { signal }) };
}

function isNews({ types: before }: SeenTypes, types: readonly LocationType[]): boolean {
  const { changed, gone } = typeChanges(before, types);
  return gone || changed.length > 0;
}

/** @returns what is to be read again; undefined for nothing */
async function remember(
  tx: Queryable,
  domain: string,
  types: readonly LocationType[],
): Promise<{ changed: number; gone: boolean } | undefined> {
  const { look, types: before } = await readSeenTypes(tx, domain);
  const nothing = { domain, typeIds: [], plannedUntil: 0n, soughtUntil: null };
  if (look === undefined && (await isUnread(tx, LOCATION, domain))) {
    await rememberTypes(tx, nothing, types);
    return undefined;
  }
  const { changed, gone } = typeChanges(before, types);
  if (changed.length === 0 && !gone && look !== undefined) return undefined;
  const there = new Set(types.map(({ id }) => id));
  // What an earlier look has left to do is begun again, together with the new: its order may be another now.
  const open = (look?.typeIds ?? []).filter((id) => there.has(id));
  const typeIds = changed.length === 0 ? open : topDown(types, new Set([...open, ...changed]));
  await rememberTypes(
    tx,
    {
      domain,
      typeIds,
      plannedUntil: changed.length === 0 ? (look?.plannedUntil ?? 0n) : 0n,
      soughtUntil: gone ? '' : (look?.soughtUntil ?? null),
    },
    types,
  );
  return { changed: changed.length, gone };
}

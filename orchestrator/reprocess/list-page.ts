import { LakeError } from '../errors.js';
import type { ListingProgress, Moment, RecordListing } from '../extract/request.js';
import {
  areKnown,
  knownRecords,
  monthSpan,
  type KnownFilter,
  type KnownProgress,
} from '../ledger/known-records.js';
import { listedIds, tablesOf, type OpenPart } from '../ledger/reprocess.js';
import { domainOf, isListed } from '../config/lake.js';
import type { JsonObject } from '../types.js';
import type { ListedEntries, PageParts } from './reprocess-parts.js';
import { listMessages } from './list-messages.js';
import { targetsOf, type Target } from './scope.js';

/** So long a list is read for one page; then what was found is the page, and how far it came is kept. */
const LIST_MS = 10_000;

/** One look of a part: some ids, perhaps none; `progress` undefined: that was all. */
interface Step {
  readonly ids: readonly string[];
  readonly progress: object | undefined;
}

/**
 * The part's next page. Nothing is remembered here: listed again from the same progress, HQ being as it was, it is the same.
 * @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED, KAFKA_FAILED, OFFSETS_GONE, SCOPE_INVALID
 */
export async function listPage(
  parts: PageParts,
  part: OpenPart,
  most: number,
  signal: AbortSignal,
): Promise<ListedEntries> {
  const target = await targetOf(parts, part);
  if (part.listing === 'offsets') return listMessages(parts.messages, part, most);
  const step = await stepOf(parts, part, target, { newestPublishTimestamp: part.askedAt, signal });
  const ids: string[] = [];
  let progress: object | undefined = part.progress;
  const until = Date.now() + LIST_MS;
  while (progress !== undefined && ids.length < most && Date.now() < until) {
    signal.throwIfAborted();
    const found: Step = await step(progress as JsonObject, most - ids.length);
    ids.push(...found.ids);
    progress = found.progress;
  }
  // Of a domain's locations each one is listed: none has to bring those below it.
  const alone = part.topic === 'location' && part.listing === 'live';
  return {
    entries: ids.map((id) => ({
      domain: part.scope.domain,
      id,
      partition: null,
      offset: null,
      ...(alone ? { alone } : {}),
    })),
    progress: (progress ?? {}) as JsonObject,
    done: progress === undefined,
  };
}

/** lake.yaml may have changed since it was asked for. */
async function targetOf(parts: PageParts, part: OpenPart): Promise<Target> {
  const { scope, topic } = part;
  const tables = await tablesOf(parts.database, scope.domain);
  const target = targetsOf(scope, parts.config, tables).find((each) => each.topic === topic);
  if (target !== undefined) return target;
  throw new LakeError(
    'SCOPE_INVALID',
    `lake.yaml no longer keeps what was asked for of ${topic} of "${scope.domain}"`,
    {
      facts: { requestId: part.requestId.toString(), topic },
    },
  );
}

async function stepOf(
  parts: PageParts,
  part: OpenPart,
  target: Target,
  moment: Moment,
): Promise<(progress: JsonObject, most: number) => Promise<Step>> {
  const { database } = parts;
  const { records } = parts.hq;
  const known = await knownFilter(parts, part, target);
  const listing = await listingOf(parts, part, target);
  switch (part.listing) {
    case 'ids':
      return async (progress, most) => {
        const done = Number(progress['done'] ?? 0);
        const ids = await listedIds(database, part.requestId, done, most);
        return { ids, progress: ids.length < most ? undefined : { done: done + ids.length } };
      };
    case 'lake':
      return (progress, most) => knownRecords(database, known, knownProgress(progress), most);
    case 'ghosts':
      return async (progress, most) => {
        const page = await knownRecords(database, known, knownProgress(progress), most);
        const there = new Set((await records.present(listing, page.ids, moment)).map(({ id }) => id));
        return { ids: page.ids.filter((id) => !there.has(id)), progress: page.progress };
      };
    default:
      return async (progress, most) => {
        const page = await records.page(listing, listingProgress(progress), most, moment);
        const ids = [...new Set(page.records.map(({ id }) => id))];
        // Those that the lake has in the month are listed by the part `lake`.
        const others = part.listing === 'month' ? await areKnown(database, known, ids) : new Set<string>();
        return { ids: ids.filter((id) => !others.has(id)), progress: page.progress };
      };
  }
}

function knownProgress(progress: JsonObject): KnownProgress | null {
  const { id, table, named } = progress;
  if (typeof id !== 'string' || typeof table !== 'string') return null;
  return { id, table, named: typeof named === 'string' ? named : null };
}

function listingProgress(progress: JsonObject): ListingProgress {
  if (progress['through'] === undefined) return { through: [], shard: null, after: null };
  return progress as unknown as ListingProgress;
}

/** Of the lake those tables count whose records lake.yaml keeps: what it keeps no more is left as it stands. */
export async function knownFilter(
  { database, config }: Pick<PageParts, 'database' | 'config'>,
  { scope }: Pick<OpenPart, 'scope'>,
  { kind, types }: Target,
): Promise<KnownFilter> {
  const tables = (await tablesOf(database, scope.domain)).filter(
    (table) =>
      table.kind === kind &&
      isListed(config, scope.domain, kind, table.type) &&
      (types === null || types.includes(table.type)),
  );
  return { kind, domain: scope.domain, tableIds: tables.map(({ id }) => id), month: scope.month ?? null };
}

export async function listingOf(
  { database, config }: Pick<PageParts, 'database' | 'config'>,
  { scope, listing }: Pick<OpenPart, 'scope' | 'listing'>,
  { kind, types }: Target,
): Promise<RecordListing> {
  const { domain, month } = scope;
  const zone = domainOf(config, domain)?.time_zone ?? 'UTC';
  const span =
    month === undefined
      ? { from: scope.from ?? null, until: scope.until ?? null }
      : await monthSpan(database, month, zone);
  const by =
    listing === 'modified' || listing === 'received' || listing === 'operations' || listing === 'month'
      ? listing
      : 'live';
  return { kind, domain, types, by, ...span };
}

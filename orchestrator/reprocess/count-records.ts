import { domainOf, friendlyName } from '../config/lake.js';
import { monthOf } from '../extract/month.js';
import type { ListedRecord, Moment } from '../extract/request.js';
import {
  areKnown,
  countKnown,
  knownRecords,
  monthsOfRecords,
  type KnownProgress,
} from '../ledger/known-records.js';
import type { NamedTable, PartListing, RequestScope } from '../ledger/reprocess.js';
import { tableName } from '../plan/table-names.js';
import type { TouchedMonth } from './affected-months.js';
import { knownFilter, listingOf } from './list-page.js';
import { partsOf } from './parts.js';
import type { PreviewParts } from './reprocess-parts.js';
import type { Target } from './scope.js';

/** Up to here every record is counted; beyond, the databases' statistics tell. */
const EXACT = 100_000;
const IDS_PER_LOOK = 5_000;

/** A topic's part of a dry run. */
export interface Count {
  readonly tables: { table: string; records: number; isExact: boolean }[];
  readonly isExact: boolean;
  /** Months of lake tables whose rows may change. */
  readonly touched: readonly TouchedMonth[];
  readonly warnings: readonly string[];
}

/** Records of one listing: those that were seen, by id, and how many there are. */
interface Seen {
  readonly records: readonly ListedRecord[];
  /** Ids that only the lake has. */
  readonly ghosts: readonly string[];
  /** All of them; more than were seen when it is an estimate. */
  readonly total: number;
  readonly isWhole: boolean;
  readonly warnings?: readonly string[];
}

/** Counts what a scope means of one topic, by the same listings that its pages are made of. */
export async function countTarget(
  parts: PreviewParts,
  scope: RequestScope,
  target: Target,
  tables: readonly NamedTable[],
  moment: Moment,
): Promise<Count> {
  const count = new Tally(parts, scope, target, tables);
  for (const { listing } of partsOf(scope, [target]))
    await count.add(await seenOf(parts, scope, target, listing, moment));
  return count.result();
}

async function seenOf(
  parts: PreviewParts,
  scope: RequestScope,
  target: Target,
  part: PartListing,
  moment: Moment,
): Promise<Seen> {
  const { records } = parts.hq;
  const listing = await listingOf(parts, { scope, listing: part }, target);
  if (part === 'ids') {
    const ids = scope.ids ?? [];
    const there = await records.present(listing, ids, moment);
    const rest = without(ids, there);
    const known = await areKnown(
      parts.database,
      { ...(await knownFilter(parts, { scope }, target)), month: null },
      rest,
    );
    const strangers = rest.length - known.size;
    return {
      records: there,
      ghosts: rest.filter((id) => known.has(id)),
      total: ids.length - strangers,
      isWhole: true,
      warnings:
        strangers === 0 || scope.table === undefined
          ? []
          : [
              `${strangers} of the ids are known neither to HQ nor to the lake; they are looked at all the same.`,
            ],
    };
  }
  if (part === 'lake' || part === 'ghosts') return fromLake(parts, scope, target, part, moment);
  const some = await records.some(listing, EXACT + 1, moment);
  const filter = await knownFilter(parts, { scope }, target);
  const ids = some.records.map(({ id }) => id);
  const twice = part === 'month' ? await areKnown(parts.database, filter, ids) : new Set<string>();
  const seen = some.records.filter(({ id }) => !twice.has(id));
  const isWhole = some.isWhole && seen.length <= EXACT;
  const total = isWhole ? seen.length : Math.max(seen.length, await records.estimate(listing));
  return { records: seen, ghosts: [], total, isWhole };
}

/** What the lake has: of a month all of it, else what HQ has not. Counted up to a number of places, then by proportion. */
async function fromLake(
  parts: PreviewParts,
  scope: RequestScope,
  target: Target,
  part: 'lake' | 'ghosts',
  moment: Moment,
): Promise<Seen> {
  const filter = await knownFilter(parts, { scope }, target);
  const { kind, types } = target;
  const ghosts: string[] = [];
  let looked = 0;
  let progress: KnownProgress | null | undefined = null;
  while (progress !== undefined && looked <= EXACT) {
    const page = await knownRecords(parts.database, filter, progress, IDS_PER_LOOK);
    const listing = { kind, domain: scope.domain, types };
    const there = part === 'lake' ? [] : await parts.hq.records.present(listing, page.ids, moment);
    ghosts.push(...without(page.ids, there));
    looked += page.ids.length;
    progress = page.progress;
  }
  if (progress === undefined) return { records: [], ghosts, total: ghosts.length, isWhole: true };
  const all = await countKnown(parts.database, filter, Number.MAX_SAFE_INTEGER);
  return { records: [], ghosts, total: Math.round((ghosts.length / looked) * all), isWhole: false };
}

function without(ids: readonly string[], records: readonly ListedRecord[]): string[] {
  const there = new Set(records.map(({ id }) => id));
  return ids.filter((id) => !there.has(id));
}

/** Sums a topic's listings up by table and month. */
class Tally {
  readonly #parts: PreviewParts;
  readonly #scope: RequestScope;
  readonly #target: Target;
  readonly #names: ReadonlyMap<string, string>;
  readonly #tables = new Map<string, number>();
  readonly #touched = new Map<string, TouchedMonth>();
  readonly #warnings: string[] = [];
  #isExact = true;

  constructor(parts: PreviewParts, scope: RequestScope, target: Target, tables: readonly NamedTable[]) {
    this.#parts = parts;
    this.#scope = scope;
    this.#target = target;
    this.#names = new Map(
      tables.filter(({ kind }) => kind === target.kind).map(({ type, name }) => [type, name]),
    );
  }

  async add({ records, ghosts, total, isWhole, warnings = [] }: Seen): Promise<void> {
    this.#isExact &&= isWhole;
    this.#warnings.push(...warnings);
    const counts = new Map<string, number>();
    for (const { type } of records) increase(counts, this.#tableOf(type));
    for (const table of await this.#noteMonths(records, ghosts)) increase(counts, table);
    const seen = [...counts.values()].reduce((sum, count) => sum + count, 0);
    // What was not seen is taken to be spread as what was.
    for (const [table, count] of counts)
      increase(this.#tables, table, isWhole ? count : Math.round((count / seen) * total));
  }

  result(): Count {
    const isExact = this.#isExact;
    const tables = [...this.#tables].map(([table, records]) => ({ table, records, isExact }));
    if (!isExact)
      this.#warnings.push(
        'The numbers are estimates, from the statistics of HQ’s databases and of what was seen.',
      );
    return { tables, isExact, touched: [...this.#touched.values()], warnings: this.#warnings };
  }

  /** @returns a table of each record that only the lake has */
  async #noteMonths(records: readonly ListedRecord[], ghosts: readonly string[]): Promise<string[]> {
    const { kind } = this.#target;
    const { domain } = this.#scope;
    const zone = domainOf(this.#parts.config, domain)?.time_zone ?? 'UTC';
    for (const { type, at } of records)
      this.#touch(this.#tableOf(type), kind === 'location' || at === null ? null : monthOf(at, zone));
    const ids = [...records.map(({ id }) => id), ...ghosts];
    const only = new Set(ghosts);
    const tables = new Map<string, string>();
    for (let from = 0; from < ids.length; from += IDS_PER_LOOK) {
      const chunk = ids.slice(from, from + IDS_PER_LOOK);
      for (const { table, id, months } of await monthsOfRecords(
        this.#parts.database,
        { kind, domain },
        chunk,
      )) {
        for (const month of months) this.#touch(table, month);
        if (only.has(id)) tables.set(id, table);
      }
    }
    return ghosts.map((id) => tables.get(id) ?? '');
  }

  #touch(table: string, month: string | null): void {
    this.#touched.set(`${table} ${month ?? ''}`, { table, month });
  }

  /** The name a table has, or is to have. */
  #tableOf(type: string): string {
    const { kind } = this.#target;
    const friendly = friendlyName(this.#parts.config, this.#scope.domain, kind, type);
    return this.#names.get(type) ?? tableName(kind, type, friendly, () => false);
  }
}

function increase(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

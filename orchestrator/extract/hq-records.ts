import type { RecordKind } from '../types.js';
import type { HqDatabase } from './hq-database.js';
import { IDS_PER_LOOK, ROWS_PER_WINDOW } from './limits.js';
import { chunked } from './in-order.js';
import {
  estimateQuery,
  presentQuery,
  someQuery,
  windowQuery,
  type WindowRow,
  type WindowStart,
} from './listing-sql.js';
import type {
  HqRecords,
  ListedPage,
  ListedRecord,
  ListingProgress,
  Moment,
  RecordListing,
} from './request.js';
import { readSettled } from './read-settled.js';
import type { Shards } from './shards.js';

/** HQ's records listed shard by shard, each by its own key; what is listed is as new as the moment. */
export function hqRecords(main: HqDatabase, shards: Shards): HqRecords {
  const databasesOf = (kind: RecordKind): readonly HqDatabase[] =>
    kind === 'location' ? [main] : shards.databases;
  return {
    page: (listing, progress, most, moment) =>
      page(databasesOf(listing.kind), listing, progress, most, moment),
    async some(listing, most, moment) {
      const found = new Map<string, ListedRecord>();
      let isWhole = true;
      for (const database of databasesOf(listing.kind)) {
        const rows = await readSettled<ListedRow>(database, someQuery(listing, most), moment);
        isWhole &&= rows.length < most;
        // A record that stands in two shards while HQ splits one is one record.
        for (const { id, type, at } of rows) found.set(id, { id, type, at });
      }
      return { records: [...found.values()].slice(0, most), isWhole: isWhole && found.size <= most };
    },
    async estimate(listing) {
      let rows = 0;
      for (const database of databasesOf(listing.kind)) {
        const [plan] = await database.read<ExplainRow>(estimateQuery(listing));
        rows += plan?.['QUERY PLAN'][0]?.Plan?.['Plan Rows'] ?? 0;
      }
      return Math.round(rows);
    },
    async present(listing, ids, moment) {
      const found = new Map<string, ListedRecord>();
      for (const chunk of chunked(ids, IDS_PER_LOOK))
        for (const database of databasesOf(listing.kind))
          for (const { id, type, at } of await readSettled<ListedRow>(
            database,
            presentQuery(listing, chunk),
            moment,
          ))
            found.set(id, { id, type, at });
      return [...found.values()];
    },
  };
}

interface ListedRow {
  readonly id: string;
  readonly type: string;
  readonly at: string | null;
}

interface ExplainRow {
  readonly 'QUERY PLAN': readonly { readonly Plan?: { readonly 'Plan Rows'?: number } }[];
}

/** One window of the first shard that is not through. A shard that HQ adds meanwhile is read too. */
async function page(
  databases: readonly HqDatabase[],
  listing: RecordListing,
  progress: ListingProgress,
  most: number,
  moment: Moment,
): Promise<ListedPage> {
  const database =
    databases.find(({ name }) => name === progress.shard) ??
    databases.find(({ name }) => !progress.through.includes(name));
  if (database === undefined) return { records: [], progress: undefined };
  const after = database.name === progress.shard ? progress.after : null;
  const [window] = await readSettled<WindowRow>(
    database,
    windowQuery(listing, after, ROWS_PER_WINDOW, most),
    moment,
  );
  const hits = (window?.hits ?? []).slice(0, most);
  const records = hits.map(([id, type, at]) => ({ id, type, at }));
  const isCut = hits.length < (window?.hits.length ?? 0);
  const last: WindowStart | null = isCut ? (hits.at(-1)?.[3] ?? null) : (window?.last ?? null);
  if (!isCut && (window?.seen ?? 0) < ROWS_PER_WINDOW) {
    const through = [...new Set([...progress.through, database.name])];
    const isLeft = databases.some(({ name }) => !through.includes(name));
    return { records, progress: isLeft ? { through, shard: null, after: null } : undefined };
  }
  return { records, progress: { through: progress.through, shard: database.name, after: last } };
}

import type { RecordKind } from '../types.js';
import type { HqDatabase, Query } from './hq-database.js';
import { chunked } from './in-order.js';
import { IDS_PER_LOOK, LOCATIONS_PER_WINDOW, ROWS_PER_WINDOW } from './limits.js';
import type { WindowStart } from './listing-sql.js';
import type { HqRevisions, Moment, RecordListing, RevisionListing, RevisionOf } from './request.js';
import {
  locationRevisionsQuery,
  revisionsOfIdsQuery,
  revisionsQuery,
  sumsQuery,
  type IdRevisionRow,
  type RevisionsRow,
  type SumsRow,
} from './revision-sql.js';
import { readSettled } from './read-settled.js';
import type { Shards } from './shards.js';

/** Revisions of HQ's records without their documents, window by window; all as new as the moment. */
export function hqRevisions(main: HqDatabase, shards: Shards): HqRevisions {
  const rowsOf = (listing: RevisionListing, moment: Moment): AsyncGenerator<readonly RevisionOf[]> =>
    listing.kind === 'location' ? locations(main, listing.domain, moment) : rows(shards, listing, moment);
  return {
    async *sums(listing, moment) {
      const { kind } = listing;
      if (kind === 'location') return;
      for await (const window of shardWindows<SumsRow>(shards, { ...listing, kind }, sumsQuery, moment))
        yield window.sums.map(([type, day, count, sum]) => ({ type, day, rows: count, sum: BigInt(sum) }));
    },
    rows: rowsOf,
    async of(kind, domain, ids, moment) {
      const found = new Map<string, RevisionOf & { readonly live: boolean }>();
      for (const chunk of chunked(ids, IDS_PER_LOOK))
        for (const database of databasesOf(main, shards, kind))
          for (const row of await readSettled<IdRevisionRow>(
            database,
            revisionsOfIdsQuery(kind, domain, chunk),
            moment,
          )) {
            const rev = BigInt(row.rev);
            const other = found.get(row.id);
            // While HQ splits a shard an id stands in two of them; the copy left behind is no longer written.
            if (other === undefined || rev > other.rev) found.set(row.id, { ...row, rev });
          }
      return new Map(
        [...found].filter(([, { live }]) => live).map(([id, { type, rev }]) => [id, { id, type, rev }]),
      );
    },
  };
}

function databasesOf(main: HqDatabase, shards: Shards, kind: RecordKind): readonly HqDatabase[] {
  return kind === 'location' ? [main] : shards.databases;
}

type ShardListing = RecordListing & { readonly kind: 'form' | 'case' };

/** Of a span: by the index of `server_modified_on`; a form without one is found by when it came in. */
function waysOf({ span, ...listing }: RevisionListing & { readonly kind: 'form' | 'case' }): ShardListing[] {
  if (span === null) return [{ ...listing, by: 'live', from: null, until: null }];
  const modified = { ...listing, ...span, by: 'modified' as const };
  return listing.kind === 'case' ? [modified] : [modified, { ...modified, by: 'received' }];
}

async function* rows(
  shards: Shards,
  listing: RevisionListing,
  moment: Moment,
): AsyncGenerator<readonly RevisionOf[]> {
  const { kind } = listing;
  if (kind === 'location') return;
  for await (const window of shardWindows<RevisionsRow>(shards, { ...listing, kind }, revisionsQuery, moment))
    yield window.hits.map(revisionOf);
}

/** Every window of the listing, shard by shard. */
async function* shardWindows<Window extends AnyWindow>(
  { databases }: Shards,
  listing: RevisionListing & { readonly kind: 'form' | 'case' },
  query: (way: ShardListing, after: WindowStart | null, rows: number) => Query,
  moment: Moment,
): AsyncGenerator<Window> {
  for (const way of waysOf(listing))
    for (const database of databases)
      yield* windows<Window>(
        database,
        (after) => query(way, after, ROWS_PER_WINDOW),
        ROWS_PER_WINDOW,
        moment,
      );
}

async function* locations(
  main: HqDatabase,
  domain: string,
  moment: Moment,
): AsyncGenerator<readonly RevisionOf[]> {
  const query = (after: WindowStart | null): Query =>
    locationRevisionsQuery(domain, after?.id ?? null, LOCATIONS_PER_WINDOW);
  for await (const window of windows<RevisionsRow>(main, query, LOCATIONS_PER_WINDOW, moment))
    yield window.hits.map(revisionOf);
}

function revisionOf([id, type, micros]: RevisionsRow['hits'][number]): RevisionOf {
  return { id, type, rev: BigInt(micros) };
}

interface AnyWindow {
  readonly seen: number;
  readonly last: WindowStart | null;
}

async function* windows<Window extends AnyWindow>(
  database: HqDatabase,
  query: (after: WindowStart | null) => Query,
  rowsPerWindow: number,
  moment: Moment,
): AsyncGenerator<Window> {
  let after: WindowStart | null = null;
  for (;;) {
    const [window]: readonly Window[] = await readSettled<Window>(database, query(after), moment);
    if (window === undefined) return;
    yield window;
    if (window.seen < rowsPerWindow || window.last === null) return;
    after = window.last;
  }
}

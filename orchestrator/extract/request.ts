import type { DomainConfig } from '../config/lake.js';
import type { Extracted, LocationType, RecordKind } from '../types.js';

/** Ids of one kind and domain to look at again. */
export interface ExtractRequest {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly ids: readonly string[];
  /** Newest `publish_timestamp` of the messages that named the ids; null when no message did (reprocess, backfill). */
  readonly newestPublishTimestamp: string | null;
  /** Ids that a message called deleted: of locations HQ says so before it deletes them. */
  readonly announcedGone?: ReadonlySet<string>;
  /** Locations whose descendants are not to come along, because they are asked for themselves. */
  readonly alone?: ReadonlySet<string>;
  readonly domainConfig: DomainConfig;
  /** Whether lake.yaml keeps records of this type (case type, xmlns, or `location`). */
  isListed(type: string): boolean;
  readonly signal?: AbortSignal;
}

/** Since when HQ has to be read: what is older than the newest message may not be shown. */
export type Moment = Pick<ExtractRequest, 'newestPublishTimestamp' | 'signal'>;

/** A location by HQ's internal number, which orders them. */
export interface NumberedLocation {
  readonly number: bigint;
  readonly id: string;
}

/** Location types, which HQ announces nowhere, and what depends on them; all as new as the moment. */
export interface LocationTypes {
  /** @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED */
  read(domains: readonly string[], moment: Moment): Promise<ReadonlyMap<string, readonly LocationType[]>>;
  /**
   * Locations of these types after a number, in order of their numbers. Those right below one of an earlier type of the
   * list are left out: they come along with it. @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED
   */
  locationsOf(
    domain: string,
    typeIds: readonly bigint[],
    after: bigint,
    limit: number,
    moment: Moment,
  ): Promise<readonly NumberedLocation[]>;
  /** Which of these locations HQ has no more. @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED */
  absent(domain: string, ids: readonly string[], moment: Moment): Promise<readonly string[]>;
}

/** Live records of a domain. */
export interface RecordListing {
  readonly kind: RecordKind;
  readonly domain: string;
  /** Case types or xmlns; null: all. */
  readonly types: readonly string[] | null;
  /**
   * `live`: all. Of a span of time: `modified`, by HQ's own clock; `received` and not modified then; `operations`: archived
   * or brought back then, and neither of both; `month`: received (forms) or opened (cases) then.
   */
  readonly by: 'live' | 'modified' | 'received' | 'operations' | 'month';
  /** From inclusive, until exclusive, ISO UTC; null with `live`. */
  readonly from: string | null;
  readonly until: string | null;
}

/** A record as a list has it; `at`: when HQ received (forms) or opened (cases) it. */
export interface ListedRecord {
  readonly id: string;
  readonly type: string;
  readonly at: string | null;
}

/** How far a listing is: databases that are through, and where the one under way goes on. */
export interface ListingProgress {
  readonly through: readonly string[];
  readonly shard: string | null;
  readonly after: { readonly at: string | null; readonly id: string } | null;
}

export interface ListedPage {
  readonly records: readonly ListedRecord[];
  /** Undefined: that was all. */
  readonly progress: ListingProgress | undefined;
}

/** HQ's records by domain and time. Everything throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED. */
export interface HqRecords {
  /** The next records, often none: a page reads a bounded number of rows, whosever they are. */
  page(listing: RecordListing, progress: ListingProgress, most: number, moment: Moment): Promise<ListedPage>;
  /** Up to `most` of them, in no order; `isWhole`: that is all. */
  some(
    listing: RecordListing,
    most: number,
    moment: Moment,
  ): Promise<{ readonly records: readonly ListedRecord[]; readonly isWhole: boolean }>;
  /** How many HQ's databases expect there to be, by their statistics. */
  estimate(listing: RecordListing): Promise<number>;
  /** Those of the ids that are live records of the domain and types. */
  present(
    listing: Pick<RecordListing, 'kind' | 'domain' | 'types'>,
    ids: readonly string[],
    moment: Moment,
  ): Promise<readonly ListedRecord[]>;
}

/** Live records whose revisions are asked for. */
export interface RevisionListing {
  readonly kind: RecordKind;
  readonly domain: string;
  /** Case types or xmlns; null: all. */
  readonly types: readonly string[] | null;
  /** Only revisions of this time, from inclusive, until exclusive, ISO UTC; null: all. Locations are listed whole. */
  readonly span: { readonly from: string; readonly until: string } | null;
}

/** A live record and its revision, in microseconds since 1970. */
export interface RevisionOf {
  readonly id: string;
  readonly type: string;
  readonly rev: bigint;
}

/** Live records of a type whose revision is of one day: how many, and the sum of their digests (reconcile/digest.ts). */
export interface RevisionSum {
  readonly type: string;
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly rows: number;
  readonly sum: bigint;
}

/**
 * Revisions of HQ's live records, their documents unread. While HQ splits a shard a record may be listed twice.
 * Everything throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED.
 */
export interface HqRevisions {
  /** Window by window: a type's day comes in many parts. Of locations nothing: their rows are few. */
  sums(listing: RevisionListing, moment: Moment): AsyncIterable<readonly RevisionSum[]>;
  rows(listing: RevisionListing, moment: Moment): AsyncIterable<readonly RevisionOf[]>;
  /** Those of the ids that are live records of the domain, by id, of whatever type. */
  of(
    kind: RecordKind,
    domain: string,
    ids: readonly string[],
    moment: Moment,
  ): Promise<ReadonlyMap<string, RevisionOf>>;
}

/** A record's document as HQ has it now, however damaged, for a person to look at. */
export interface RawDocument {
  /** Where it stands: `blob 5f0c…` or table and column. */
  readonly where: string;
  /** Null: there is none. Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly text: string | null;
  /** What was seen on the way: not gzip, cut off, too large. */
  readonly remarks: readonly string[];
}

/**
 * HQ as we read it: ids in, records out. Every asked id yields at least one Extracted (a location yields its
 * descendants too); the order is that of the ids by chunk. What is taken slowly is read slowly.
 */
export interface HqSource {
  /**
   * @throws LakeError HQ_STANDBY_BEHIND when a standby cannot show all changes, HQ_READ_FAILED when a database or the
   * blob store does not answer (both transient); the signal's reason when aborted
   */
  extract(request: ExtractRequest): AsyncIterable<Extracted>;
  readonly locationTypes: LocationTypes;
  readonly records: HqRecords;
  readonly revisions: HqRevisions;
  /**
   * A record's document as it is now, for a person; undefined when HQ has no such record.
   * @throws LakeError HQ_READ_FAILED, HQ_STANDBY_BEHIND
   */
  raw(kind: RecordKind, domain: string, id: string): Promise<RawDocument | undefined>;
  close(): Promise<void>;
}

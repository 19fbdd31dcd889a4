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
  /**
   * A record's document as it is now, for a person; undefined when HQ has no such record.
   * @throws LakeError HQ_READ_FAILED, HQ_STANDBY_BEHIND
   */
  raw(kind: RecordKind, domain: string, id: string): Promise<RawDocument | undefined>;
  close(): Promise<void>;
}

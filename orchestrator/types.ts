/**
 * The nouns of the system (design section 2), one word per idea. Offsets and sequences are bigint.
 */

/** What a record is. Each kind comes from one topic. */
export type RecordKind = 'form' | 'case' | 'location';

export const TOPICS = ['form-sql', 'case-sql', 'location'] as const;
export type Topic = (typeof TOPICS)[number];

export const KIND_OF_TOPIC: Readonly<Record<Topic, RecordKind>> = {
  'form-sql': 'form',
  'case-sql': 'case',
  location: 'location',
};

export const TOPIC_OF_KIND: Readonly<Record<RecordKind, Topic>> = {
  form: 'form-sql',
  case: 'case-sql',
  location: 'location',
};

/** Offsets of one topic-partition: from inclusive, until exclusive. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: bigint;
  readonly until: bigint;
}

/** A location type as HQ has it now, or as the ledger remembers it. */
export interface LocationType {
  readonly id: bigint;
  readonly name: string;
  readonly code: string | null;
  readonly parentTypeId: bigint | null;
  /** ISO UTC, six fraction digits. */
  readonly lastModified: string;
}

/** One id to look at again, with where the message that named it stands (null: no message did). */
export interface ManifestEntry {
  readonly domain: string;
  readonly id: string;
  readonly partition: number | null;
  readonly offset: string | null;
  /** A message said that HQ is deleting it. */
  readonly gone?: true;
  /** A location without those below it: they have entries of their own. */
  readonly alone?: true;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** A value of one of HQ's own fields. Timestamps are ISO-8601 UTC with six fraction digits and Z. */
export type FieldValue = string | number | boolean | null;

export interface CaseIndex {
  readonly identifier: string;
  readonly referenced_id: string;
  readonly referenced_type: string;
  readonly relationship: string;
}

/** A live record as HQ holds it now. */
export interface Upsert {
  readonly op: 'upsert';
  readonly kind: RecordKind;
  readonly domain: string;
  readonly id: string;
  /** Case type, xmlns, or `location`: with domain and kind it names the table. */
  readonly type: string;
  /** Revision: an older one never overwrites a newer one. ISO UTC, six fraction digits. */
  readonly rev: string;
  /** First day of the record's month, `YYYY-MM-01`, or null when it has no date. */
  readonly month: string | null;
  /** HQ's own fields and location columns, by column name (shape/fixed-columns.ts gives their types). */
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly indices?: readonly CaseIndex[];
  /** The free part: `form__…`, `case_json__…` or `metadata__…`. */
  readonly tree: JsonObject;
}

/** The id has no live record any more (or one that lake.yaml does not list). */
export interface Deletion {
  readonly op: 'delete';
  readonly kind: RecordKind;
  readonly domain: string;
  readonly id: string;
}

/** The record exists but can't be read; set aside with its reason, never written as an empty row. */
export interface Unreadable {
  readonly op: 'unreadable';
  readonly kind: RecordKind;
  readonly domain: string;
  readonly id: string;
  readonly type: string | null;
  /** Why, in words without record content, e.g. `form XML does not parse at line 3, column 9`. */
  readonly reason: string;
  /** Where the document stands, e.g. `blob 5f0c…` or `form_processor_commcarecasesql.case_json`. */
  readonly where: string;
}

export type Extracted = Upsert | Deletion | Unreadable;

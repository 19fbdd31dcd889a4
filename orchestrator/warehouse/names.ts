import { shortHash } from '../short-hash.js';

/** What dashboards read. */
export const PUBLIC = 'public';
/** Partitions: nobody names them, so they stand where no list of tables shows them. */
export const PARTITIONS = 'dimagi_lake_partitions';
export const STAGING = 'dimagi_lake_staging';
/** The load table. */
export const LOADS = 'dimagi_lake';

/** What a load replaces: a table's rows of a domain and month; null for a table without months. */
export interface LoadTarget {
  readonly table: string;
  readonly domain: string;
  /** First of month, `YYYY-MM-01`. */
  readonly month: string | null;
}

/** Postgres cuts longer names off, and then two are one. */
const LONGEST = 63;
const HASH_DIGITS = 12;
const TABLE_LETTERS = 20;

/**
 * Names of partitions. A person who looks at a plan sees table, domain and month in them; the hash makes them unique,
 * whatever the domain is called.
 */
export function domainPartition({ table, domain }: LoadTarget): string {
  return named(table, domain, [table, domain]);
}

/** The place of a month's rows: a partitioned table that holds the leaf alone, so that a swap locks no other month. */
export function socketPartition({ table, domain, month }: LoadTarget): string {
  return month === null
    ? domainPartition({ table, domain, month })
    : named(table, domain, [table, domain, month], month);
}

/** Of the table that holds the rows. */
export function leafPartition({ table, domain, month }: LoadTarget): string {
  return named(table, domain, [table, domain, month ?? 'whole', 'rows'], month ?? 'rows');
}

function named(table: string, domain: string, parts: readonly string[], month?: string): string {
  const tail = [...(month === undefined ? [] : [word(month, 7)]), hashOf(parts)].join('_');
  return `${word(table, TABLE_LETTERS)}_${word(domain, 20)}`.slice(0, LONGEST - 1 - tail.length) + `_${tail}`;
}

function word(text: string, letters: number): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, letters);
}

/** No two lists of parts have one text. */
function hashOf(parts: readonly string[]): string {
  return shortHash(JSON.stringify(parts), HASH_DIGITS);
}

/** Common to the staging tables of all runs that load the target. */
function stagingPrefix({ table, domain, month }: LoadTarget): string {
  return `${word(table, TABLE_LETTERS)}_${hashOf([table, domain, month ?? 'whole', 'staging'])}_`;
}

/**
 * A staging table that Spark writes.
 * @param attempt six hex digits, others at each attempt of a run: what a driver of an earlier one still writes finds no table
 */
export function openStagingName(target: LoadTarget, token: bigint, attempt: string): string {
  return `${stagingPrefix(target)}${token}_${attempt}`;
}

/** The same once it is complete, and so out of that driver's reach too. */
export function sealedStagingName(target: LoadTarget, token: bigint): string {
  return `${stagingPrefix(target)}${token}_sealed`;
}

/** The fencing token in a staging table's name; undefined when it is no name of ours. */
export function tokenOfStaging(name: string): bigint | undefined {
  const digits = /_[0-9a-f]{12}_(\d{1,19})_(?:sealed|[0-9a-f]{6})$/.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

export function isStagingOf(target: LoadTarget, name: string): boolean {
  return name.startsWith(stagingPrefix(target));
}

import type { JsonObject, RecordKind } from '../types.js';
import type { Queryable } from './database.js';

/** A table with the names its columns have by path; shape/ knows their form. */
export interface KnownTable {
  readonly domain: string;
  readonly kind: RecordKind;
  readonly name: string;
  readonly names: JsonObject;
}

/** Every table of the lake, as far as it has merged. */
export async function knownTables(database: Queryable): Promise<KnownTable[]> {
  return database.query('SELECT domain, kind, table_name AS name, names FROM lake_table ORDER BY id');
}

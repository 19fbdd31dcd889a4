import type { ScalarType } from '../config/declared-type.js';
import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { sql, type Sql } from './text.js';

/**
 * `_rescued MAP<STRING, STRING>`: the texts that are no values of their declared types, by where they stand: `column`,
 * `column[3]` (an item of a list, counted from 0), `column[3].field`. A `[` in a name is written `~5B` there (a `~`
 * of a name already is `~7E`), so that no two places have one key. Null when every value fits.
 */
export const RESCUED = '_rescued' as const;

/** Key of a column, as a literal. */
export function keyOfColumn(name: string): Sql {
  return literal(keyName(name));
}

export function keyOfItem(list: Sql, index: Sql): Sql {
  return sql`concat(${list}, '[', CAST(${index} AS STRING), ']')`;
}

export function keyOfField(item: Sql, name: string): Sql {
  return sql`concat(${item}, ${literal(`.${keyName(name)}`)})`;
}

export function keyName(name: string): string {
  return name.replaceAll('[', '~5B');
}

/** The text a table's value came from: the rescued one, or the value written out. */
export function textOf(value: Sql, type: ScalarType, key: Sql): Sql {
  if (type === 'string') return value;
  return sql`coalesce(t.${identifier(RESCUED)}[${key}], CAST(${value} AS STRING))`;
}

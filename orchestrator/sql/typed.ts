import { isTyped } from '../shape/column-types.js';
import type { Scalar, ShapedColumn, ShapedType, StructType } from '../shape/columns.js';
import { guardedCast } from './cast.js';
import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { keyOfColumn, keyOfField, keyOfItem } from './rescued.js';
import { joinSql, sql, type Sql } from './text.js';

/**
 * Declared types over lifted rows, in which every value still is a text: the value where the text is one, null and
 * an entry of `_rescued` where it is not.
 */
const ENTRY = sql`STRUCT<key: STRING, value: STRING>`;

/** The column's value of its declared type, from `row`, where it stands as text under its own name. */
export function typedValue(column: ShapedColumn, row: Sql): Sql {
  return valueOf(column.type, sql`${row}.${identifier(column.name)}`, 0);
}

function valueOf(type: ShapedType, text: Sql, depth: number): Sql {
  if (!isTyped(type)) return text;
  if (type.kind === 'scalar') return guardedCast(text, type.type);
  const element = identifier(`e${depth}`);
  const { item } = type;
  if (item.kind === 'scalar')
    return sql`transform(${text}, ${element} -> ${guardedCast(element, item.type)})`;
  const fields = item.fields.map(
    (field) =>
      sql`${literal(field.name)}, ${valueOf(field.type, sql`${element}.${identifier(field.name)}`, depth + 1)}`,
  );
  return sql`transform(${text}, ${element} -> CASE WHEN ${element} IS NOT NULL THEN named_struct(${joinSql(fields, ', ')}) END)`;
}

/** The map `_rescued` of a row; null when every text is a value of its type. */
export function rescuedTexts(columns: readonly ShapedColumn[], row: Sql): Sql {
  const typed = columns.filter((column) => isTyped(column.type));
  const all = misfitsOf(
    typed.map((column) => [column.type, sql`${row}.${identifier(column.name)}`, keyOfColumn(column.name)]),
    0,
  );
  return sql`transform(array(filter(${all}, e -> e.value IS NOT NULL)), e -> CASE WHEN size(e) > 0 THEN map_from_entries(e) END)[0]`;
}

type Value = readonly [type: ShapedType, text: Sql, key: Sql];

/** An array of (key, text or null), never null itself. */
function misfitsOf(values: readonly Value[], depth: number): Sql {
  const scalars: Sql[] = [];
  const lists: Sql[] = [];
  for (const [type, text, key] of values) {
    if (!isTyped(type)) continue;
    if (type.kind === 'scalar') scalars.push(misfit(type, text, key));
    else lists.push(misfitsOfList(type.item, text, key, depth));
  }
  const parts = [...(scalars.length === 0 ? [] : [sql`array(${joinSql(scalars, ', ')})`]), ...lists];
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : sql`concat(${joinSql(parts, ', ')})`;
}

function misfit({ type }: Scalar, text: Sql, key: Sql): Sql {
  return sql`named_struct('key', ${key}, 'value', CASE WHEN ${guardedCast(text, type)} IS NULL THEN ${text} END)`;
}

function misfitsOfList(item: Scalar | StructType, text: Sql, key: Sql, depth: number): Sql {
  const [element, index] = [identifier(`e${depth}`), identifier(`i${depth}`)];
  const place = keyOfItem(key, index);
  const none = sql`CAST(array() AS ARRAY<${ENTRY}>)`;
  if (item.kind === 'scalar')
    return sql`coalesce(transform(${text}, (${element}, ${index}) -> ${misfit(item, element, place)}), ${none})`;
  const below = misfitsOf(
    item.fields.map((field) => [
      field.type,
      sql`${element}.${identifier(field.name)}`,
      keyOfField(place, field.name),
    ]),
    depth + 1,
  );
  return sql`coalesce(flatten(transform(${text}, (${element}, ${index}) -> ${below})), ${none})`;
}

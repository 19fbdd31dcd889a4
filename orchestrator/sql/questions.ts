import { isTyped } from '../shape/column-types.js';
import type { ShapedColumn } from '../shape/columns.js';
import { OVERFLOW } from '../shape/overflow.js';
import { identifier } from './identifier.js';
import { lift, sourceOfColumns } from './lift.js';
import { literal } from './literal.js';
import { keyName, RESCUED } from './rescued.js';
import { fillTemplate } from './template.js';
import { joinSql, sql, type Sql } from './text.js';
import { rescuedTexts } from './typed.js';

/** Questions to a table that only read; each answers with one row. */

/**
 * What giving a table the types of `after` would do: `rows`, `rescued_now`, `rescued_then`, and a `sample` of ids (JSON)
 * whose texts would not fit. The very casts that the rewrite would run.
 */
export function forecastQuestion(
  tableUrl: string,
  columns: { readonly before: readonly ShapedColumn[]; readonly after: readonly ShapedColumn[] },
  sample: number,
): Sql {
  const source = sourceOfColumns(columns.before, sql`t`);
  const typed = columns.after.filter((column) => isTyped(column.type));
  const isTypedNow = columns.before.some((column) => isTyped(column.type));
  const select = [
    sql`t.\`_id\` AS \`_id\``,
    sql`${isTypedNow ? sql`t.${identifier(RESCUED)} IS NOT NULL` : sql`false`} AS \`rescued_now\``,
    ...typed.map((column) => sql`${lift(column, source)} AS ${identifier(column.name)}`),
  ];
  return fillTemplate('forecast_types', {
    path: identifier(tableUrl),
    select: joinSql(select, ',\n  '),
    rescued_then: typed.length === 0 ? sql`CAST(NULL AS STRING)` : rescuedTexts(typed, sql`r`),
    sample: sql`${sample}`,
  });
}

/** A map of texts beside the columns: what fits no declared type, and what has no column. */
export type TextMap = typeof RESCUED | typeof OVERFLOW;

/** Columns, and texts of one row, that an answer tells at most: a hostile record has hundreds of thousands. */
const MOST_TOLD = 1_000;

/** `rows`, and per column its `texts` and how many of them are `empty` (JSON). */
export function rescuedCountsQuestion(tableUrl: string, texts: TextMap = RESCUED): Sql {
  return fillTemplate('rescued_counts', {
    path: identifier(tableUrl),
    texts: identifier(texts),
    most: sql`${MOST_TOLD}`,
  });
}

/** The newest rows with such texts (JSON), of one column or of all. */
export function rescuedRowsQuestion(
  tableUrl: string,
  column: string | undefined,
  limit: number,
  texts: TextMap = RESCUED,
): Sql {
  const all = sql`r.${identifier(texts)}`;
  return fillTemplate('rescued_rows', {
    path: identifier(tableUrl),
    texts: identifier(texts),
    shown: column === undefined ? all : sql`map_filter(${all}, (k, v) -> ${isOf(column, texts)})`,
    most: sql`${MOST_TOLD}`,
    limit: sql`${limit}`,
    and_where: column === undefined ? sql`` : sql`AND ${isAmong(column, texts)}`,
  });
}

/** How many rows hold something in each of the `columns`, as `c0`, `c1`, …: a value, or a text in `_rescued`. */
export function deadColumnsQuestion(
  tableUrl: string,
  columns: readonly ShapedColumn[],
  present: readonly ShapedColumn[],
): Sql {
  const isRescuing = present.some((column) => isTyped(column.type));
  const holds = (column: ShapedColumn): Sql => {
    const value = sql`t.${identifier(column.name)} IS NOT NULL`;
    return isRescuing ? sql`${value} OR coalesce(${isAmong(column.name, RESCUED)}, false)` : value;
  };
  return fillTemplate('values_per_column', {
    path: identifier(tableUrl),
    counts: joinSql(
      columns.map((column, at) => sql`count_if(${holds(column)}) AS ${identifier(`c${at}`)}`),
      ',\n  ',
    ),
  });
}

function isAmong(column: string, texts: TextMap): Sql {
  return sql`exists(map_keys(t.${identifier(texts)}), k -> ${isOf(column, texts)})`;
}

/** Whether the key `k` is of the column, or of an item of it. */
function isOf(column: string, texts: TextMap): Sql {
  const key = literal(texts === RESCUED ? keyName(column) : column);
  return sql`k = ${key} OR startswith(k, concat(${key}, '['))`;
}

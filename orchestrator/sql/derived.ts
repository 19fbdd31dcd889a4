import type { DerivedColumn } from '../config/made-columns.js';
import { scalarSql } from './cast.js';
import { identifier } from './identifier.js';
import type { ShapedColumn } from '../shape/columns.js';
import type { BaseColumn } from '../shape/table-columns.js';
import { shapedTypeSql } from './column-types.js';
import { joinSql, sql, type Sql } from './text.js';

/**
 * An expression of lake.yaml, which config/expression.ts has read as one: the third way into SQL beside identifier()
 * and literal(), and the only one for text that is neither. What does not fit the type becomes null.
 */
export function derivedValue({ sql: expression, type }: DerivedColumn): Sql {
  return sql`try_cast((${expression as Sql}) AS ${scalarSql(type)})`;
}

/** Asks Spark whether it understands an expression over these columns; no table is read. */
export function derivedQuestion(
  column: DerivedColumn,
  fixed: readonly BaseColumn[],
  free: readonly Pick<ShapedColumn, 'name' | 'type'>[],
): Sql {
  const columns = [
    ...fixed.map(({ name, type }) => ({ name, type: type as string as Sql })),
    ...free.map(({ name, type }) => ({ name, type: shapedTypeSql(type) })),
  ];
  const nulls = columns.map(({ name, type }) => sql`CAST(NULL AS ${type}) AS ${identifier(name)}`);
  return sql`SELECT CAST(${derivedValue(column)} AS STRING) AS \`value\` FROM (SELECT ${joinSql(nulls, ', ')}) AS r`;
}

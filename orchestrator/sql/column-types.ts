import type { ShapedColumn, ShapedType } from '../shape/columns.js';
import { scalarSql } from './cast.js';
import { identifier } from './identifier.js';
import { joinSql, sql, type Sql } from './text.js';

/** A table's column as SQL needs it: free columns have a ShapedType, fixed ones a plain type name. */
export interface TableColumn {
  readonly name: string;
  readonly type: Sql;
}

/** `STRING` or a declared type, an `ARRAY` of one, or `ARRAY<STRUCT<…>>`. */
export function shapedTypeSql(type: ShapedType): Sql {
  if (type.kind === 'scalar') return scalarSql(type.type);
  if (type.item.kind === 'scalar') return sql`ARRAY<${scalarSql(type.item.type)}>`;
  return sql`ARRAY<STRUCT<${joinSql(type.item.fields.map(fieldSql), ', ')}>>`;
}

function fieldSql(field: ShapedColumn): Sql {
  return sql`${identifier(field.name)}: ${shapedTypeSql(field.type)}`;
}

import { isStagedAsIs, type BaseColumn } from '../shape/table-columns.js';
import type { LayoutNode } from '../shape/layout.js';
import { ITEM_TEXT_KEY } from '../shape/layout.js';
import { identifier } from './identifier.js';
import { joinSql, sql, type Sql } from './text.js';

/**
 * The schema a staging file was written with. Fixed columns stand under their own names as text (JSON typed columns
 * are strict: a wrong one would fail the batch) and are cast in the SELECT; the free part stands under short keys.
 */
export function stagedColumns(fixed: readonly BaseColumn[], root: LayoutNode): Sql[] {
  const names = fixed.filter((column) => column.name !== '_batch');
  return [
    sql`\`op\` STRING`,
    ...names.map((column) =>
      column.type !== 'STRING' && isStagedAsIs(column.type)
        ? sql`${identifier(column.name)} ${column.type as string as Sql}`
        : sql`${identifier(column.name)} STRING`,
    ),
    ...layoutColumns(root, ' '),
  ];
}

function layoutColumns(node: LayoutNode, separator: ' ' | ': '): Sql[] {
  const own: Sql[] = [];
  if (node.scalar !== undefined && node.scalar !== ITEM_TEXT_KEY)
    own.push(columnOf(node.scalar, separator, sql`STRING`));
  if (node.list !== undefined) {
    const fields = [columnOf(ITEM_TEXT_KEY, ': ', sql`STRING`), ...layoutColumns(node.list.item, ': ')];
    own.push(columnOf(node.list.key, separator, sql`ARRAY<STRUCT<${joinSql(fields, ', ')}>>`));
  }
  return [...own, ...[...(node.fields?.values() ?? [])].flatMap((child) => layoutColumns(child, separator))];
}

function columnOf(key: string, separator: ' ' | ': ', type: Sql): Sql {
  return separator === ' ' ? sql`${identifier(key)} ${type}` : sql`${identifier(key)}: ${type}`;
}

/** The fixed columns with their real types. Casts can't fail: extraction wrote every value in its type's own form. */
export function stagedSelect(fixed: readonly BaseColumn[], batchId: bigint): Sql[] {
  return fixed.map((column) => {
    const name = identifier(column.name);
    if (column.name === '_batch') return sql`CAST(${batchId} AS BIGINT) AS ${name}`;
    if (isStagedAsIs(column.type)) return sql`s.${name} AS ${name}`;
    return sql`CAST(s.${name} AS ${column.type as string as Sql}) AS ${name}`;
  });
}

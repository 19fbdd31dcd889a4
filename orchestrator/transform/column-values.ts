import { fixedColumns } from '../shape/fixed-columns.js';
import { foldCase } from '../shape/fold-case.js';
import type { JsonValue, RecordKind, Upsert } from '../types.js';
import { ColumnTree, isPlainObject, type ColumnNode } from './column-tree.js';
import { FREE_PART } from './free-part.js';

/** The texts that a column holds of a record: none, one, or those of a list. */
export type ColumnValues = (record: Upsert) => readonly string[];

/** Reads one column by its name in the lake, lists on the way and case aside. */
export function columnValues(kind: RecordKind, levels: readonly string[], name: string): ColumnValues {
  const key = foldCase(name);
  if (key === '_id') return (record) => [record.id];
  if (key === '_rev') return (record) => [record.rev];
  if (key === 'month') return (record) => textsOf(record.month);
  const field = fixedColumns(kind, levels).find((each) => foldCase(each.name) === key)?.name;
  if (field !== undefined) return (record) => textsOf(record.fields[field] ?? null);
  const free = new ColumnTree(FREE_PART[kind], [name], false).root;
  const indices = new ColumnTree('indices', [name], false).root;
  return (record) => {
    const found: string[] = [];
    collect(free, record.tree, found);
    if (indices.isOnTheWay)
      collect(
        indices,
        (record.indices ?? []).map((index) => ({ ...index })),
        found,
      );
    return found;
  };
}

function collect(node: ColumnNode, value: JsonValue, found: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(Array.isArray(item) ? node.innerList : node, item, found);
  } else if (isPlainObject(value)) {
    for (const [key, below] of Object.entries(value)) {
      const child = node.child(key);
      if (child.isNamed || child.isOnTheWay) collect(child, below, found);
    }
  } else if (node.isNamedText) found.push(...textsOf(value));
}

function textsOf(value: string | number | boolean | null): string[] {
  if (value === null) return [];
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

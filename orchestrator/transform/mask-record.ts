import type { MaskWay } from '../config/maskable.js';
import { fixedColumns, levelColumns, type FixedColumn, type FixedType } from '../shape/fixed-columns.js';
import { foldCase } from '../shape/fold-case.js';
import type { CaseIndex, FieldValue, JsonObject, JsonValue, RecordKind, Upsert } from '../types.js';
import { ColumnTree, isPlainObject, type ColumnNode } from './column-tree.js';
import { FREE_PART } from './free-part.js';
import { maskText, type MaskText } from './mask-value.js';

export interface Mask {
  readonly columns: readonly string[];
  readonly with: MaskWay;
}

/**
 * A mask of one table: takes a record, gives it back masked. What is named is masked wherever it stands: below an
 * object or a list, and in columns that repeat it. The free part is changed in place, for speed.
 */
export function recordMask(
  kind: RecordKind,
  levels: readonly string[],
  mask: Mask,
  key: string | undefined,
): (record: Upsert) => Upsert {
  const text = maskText(mask.with, key);
  const free = new ColumnTree(FREE_PART[kind], mask.columns, true).root;
  const indices = new ColumnTree('indices', mask.columns, true).root;
  const allIndices = mask.columns.some((name) => foldCase(name) === 'indices');
  const fields = namedFields(kind, levels, mask.columns);
  return (record) => {
    maskFields(free, record.tree, text);
    const { indices: own, ...others } = { ...record, fields: maskOwnFields(record.fields, fields, text) };
    if (own === undefined || (allIndices && mask.with === 'drop')) return others;
    return { ...others, indices: own.map((index) => maskIndex(index, allIndices, indices, text)) };
  };
}

interface NamedFields {
  readonly always: ReadonlyMap<string, FixedType>;
  /** Further columns, masked in the records in which they repeat a named one. */
  readonly sometimes: readonly {
    readonly column: FixedColumn;
    readonly repeats: (fields: Upsert['fields']) => boolean;
  }[];
}

/**
 * HQ's own fields that are named, and those that hold the same again: a case's `user_id` is its `modified_by`, a
 * location's name stands in its own row and in every row below it, a record's place is one of its levels.
 */
function namedFields(kind: RecordKind, levels: readonly string[], names: readonly string[]): NamedFields {
  const wanted = new Set(names.map(foldCase));
  const columns = fixedColumns(kind, levels);
  const always = new Map<string, FixedType>();
  const sometimes: NamedFields['sometimes'][number][] = [];
  for (const { name, type } of columns) if (wanted.has(foldCase(name))) always.set(name, type);
  if (kind === 'case' && (always.has('user_id') || always.has('modified_by')))
    for (const name of ['user_id', 'modified_by']) always.set(name, 'STRING');
  for (const [level, own] of levelColumns(kind, levels)) {
    for (const [suffix, column] of own) {
      if (kind !== 'location') {
        const place: FixedColumn = { name: 'location_id', type: 'STRING' };
        const repeats = (fields: Upsert['fields']): boolean => fields[place.name] === fields[column.name];
        if (always.has(place.name)) sometimes.push({ column, repeats });
        if (always.has(column.name)) sometimes.push({ column: place, repeats });
      } else if (suffix !== '_id') {
        // The names of places masked, they are so in every row below; those of a level, also in its own rows.
        const place = { name: suffix.slice(1), type: column.type };
        if (wanted.has(place.name)) always.set(column.name, column.type);
        else if (always.has(column.name))
          sometimes.push({ column: place, repeats: (fields) => fields['location_type_code'] === level });
      }
    }
  }
  return { always, sometimes };
}

function maskOwnFields(
  fields: Upsert['fields'],
  { always, sometimes }: NamedFields,
  text: MaskText | undefined,
): Upsert['fields'] {
  if (always.size === 0) return fields;
  const masked: Record<string, FieldValue> = { ...fields };
  for (const [name, type] of always) masked[name] = maskField(fields[name], type, text);
  for (const { column, repeats } of sometimes)
    if (repeats(fields)) masked[column.name] = maskField(fields[column.name], column.type, text);
  return masked;
}

/** Keeps the form of the column's type: the year of a timestamp is its first moment. */
function maskField(value: FieldValue | undefined, type: FixedType, text: MaskText | undefined): FieldValue {
  if (value === null || value === undefined || text === undefined) return null;
  const masked = text(String(value));
  return type === 'TIMESTAMP' && masked !== null ? `${masked}-01-01T00:00:00.000000Z` : masked;
}

function maskIndex(index: CaseIndex, all: boolean, node: ColumnNode, text: MaskText | undefined): CaseIndex {
  const masked = Object.entries(index).map(([name, value]: [string, string]) => [
    name,
    all || node.child(name).isNamed ? (text?.(value) ?? null) : value,
  ]);
  return Object.fromEntries(masked) as CaseIndex;
}

function maskFields(node: ColumnNode, tree: JsonObject, text: MaskText | undefined): void {
  for (const key of Object.keys(tree)) {
    const child = node.child(key);
    const value = tree[key];
    if (value === undefined || (!child.isNamed && !child.isOnTheWay)) continue;
    const masked = maskAt(child, value, text);
    if (masked === undefined) Reflect.deleteProperty(tree, key);
    else tree[key] = masked;
  }
}

/** @returns undefined when nothing is left of the value */
function maskAt(node: ColumnNode, value: JsonValue, text: MaskText | undefined): JsonValue | undefined {
  if (node.isNamed) return text === undefined ? undefined : maskAll(value, text);
  if (Array.isArray(value))
    return value.map((item) => maskAt(Array.isArray(item) ? node.innerList : node, item, text) ?? null);
  if (isPlainObject(value)) maskFields(node, value, text);
  else if (node.isNamedText) return text === undefined ? undefined : maskAll(value, text);
  return value;
}

/** Everything below; a list stays a list and an object an object. */
function maskAll(value: JsonValue, text: MaskText): JsonValue {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => maskAll(item, text));
  if (isPlainObject(value)) {
    for (const key of Object.keys(value)) value[key] = maskAll(value[key] ?? null, text);
    return value;
  }
  return text(typeof value === 'string' ? value : JSON.stringify(value));
}

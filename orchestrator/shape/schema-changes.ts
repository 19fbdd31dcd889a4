import { isExact, type ScalarType } from '../config/declared-type.js';
import type { Path, ShapedColumn, ShapedType } from './columns.js';
import type { LayoutNode } from './layout.js';

/** One change of a table's columns by a batch. */
export interface SchemaChange {
  /** As an analyst writes it, with `[].` before a field of a list's structs: `form__visits[].weight`. */
  readonly column: string;
  readonly change: 'added' | 'list' | 'type' | 'renamed' | 'derived' | 'dropped' | 'limit';
  readonly from: string | null;
  readonly to: string | null;
  /** The first record of the batch that needs it; null when a declaration does. */
  readonly recordId: string | null;
  /** The old values' texts are lost (`2.50` became 2.5): only HQ can give the new column exactly. */
  readonly reread: boolean;
}

/** Everything that differs between a table's columns before and after a batch that was staged by `layout`. */
export function schemaChanges(
  before: readonly ShapedColumn[],
  after: readonly ShapedColumn[],
  layout: LayoutNode,
): SchemaChange[] {
  return [...changesOf(before, after, layout, ''), ...dropped(before, after)];
}

/** Columns that are neither there any more nor part of a list that took their place. */
function dropped(before: readonly ShapedColumn[], after: readonly ShapedColumn[]): SchemaChange[] {
  return before
    .filter(({ path }) => !after.some((column) => isSame(path, column.path) || isBelow(path, column.path)))
    .map(({ name, type }) => ({
      column: name,
      change: 'dropped',
      from: typeText(type),
      to: null,
      recordId: null,
      reread: false,
    }));
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((key, at) => key === other[at]);
}

function changesOf(
  before: readonly ShapedColumn[],
  after: readonly ShapedColumn[],
  layout: LayoutNode,
  above: string,
): SchemaChange[] {
  const known = new Map(before.map((column) => [JSON.stringify(column.path), column]));
  return after.flatMap((column) => {
    const old = known.get(JSON.stringify(column.path));
    const name = `${above}${column.name}`;
    if (old === undefined) return [appeared(column, name, before, layout)];
    if (isListOfStructs(old.type) && isListOfStructs(column.type))
      return changesOf(old.type.item.fields, column.type.item.fields, layout, `${name}[].`);
    const [from, to] = [typeText(old.type), typeText(column.type)];
    if (from === to) return [];
    const isRaised = old.type.kind !== column.type.kind || isListOfStructs(column.type);
    const recordId = isRaised ? causeOf(column, layout) : null;
    const change = isRaised ? ('list' as const) : ('type' as const);
    const reread = losesText([old], column.type);
    return [{ column: name, change, from, to, recordId, reread }];
  });
}

/** A path without a column before: new, or a list that takes the place of columns below it. */
function appeared(
  column: ShapedColumn,
  name: string,
  before: readonly ShapedColumn[],
  layout: LayoutNode,
): SchemaChange {
  const below = before.filter(({ path }) => isBelow(path, column.path));
  const replaced = column.type.kind === 'list' && below.length > 0;
  return {
    column: name,
    change: replaced ? 'list' : 'added',
    from: replaced ? below.map((each) => each.name).join(', ') : null,
    to: typeText(column.type),
    recordId: causeOf(column, layout),
    reread: losesText(below, column.type),
  };
}

/** Whether a declared type of old goes, other than into one that takes all its values as they are. */
function losesText(old: readonly ShapedColumn[], now: ShapedType): boolean {
  const types = leafTypes(now);
  return old
    .flatMap((column) => leafTypes(column.type))
    .some((type) => type !== 'string' && !types.every((to) => isExact(type, to)));
}

function leafTypes(type: ShapedType): ScalarType[] {
  if (type.kind === 'scalar') return [type.type];
  if (type.item.kind === 'scalar') return [type.item.type];
  return type.item.fields.flatMap((field) => leafTypes(field.type));
}

function isBelow(path: Path, above: Path): boolean {
  return path.length > above.length && above.every((key, at) => key === path[at]);
}

function isListOfStructs(
  type: ShapedType,
): type is ShapedType & { kind: 'list'; item: { kind: 'struct'; fields: readonly ShapedColumn[] } } {
  return type.kind === 'list' && type.item.kind === 'struct';
}

/** The record that first brought a value of the column's kind. */
function causeOf({ path, type }: ShapedColumn, layout: LayoutNode): string | null {
  let node: LayoutNode | undefined = layout;
  for (const key of path) node = key === null ? (node?.list?.item ?? node) : node?.fields?.get(key);
  if (node === undefined) return null;
  const isList = type.kind === 'list';
  return (isList ? (node.list?.by ?? firstBelow(node)) : (node.scalarBy ?? firstBelow(node))) ?? null;
}

function firstBelow(node: LayoutNode): string | undefined {
  if (node.scalarBy !== undefined) return node.scalarBy;
  for (const child of node.fields?.values() ?? []) {
    const found = firstBelow(child);
    if (found !== undefined) return found;
  }
  return node.list?.by;
}

/** A type as `lake.yaml` and people write it. */
export function typeText(type: ShapedType): string {
  if (type.kind === 'scalar') return type.type;
  if (type.item.kind === 'scalar') return `list<${type.item.type}>`;
  return `list<struct<${type.item.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(', ')}>>`;
}

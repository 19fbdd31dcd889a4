import type { Path, Scalar, ShapedColumn, ShapedType, StructType } from '../shape/columns.js';
import { asText, isTyped } from '../shape/column-types.js';
import type { LayoutNode } from '../shape/layout.js';
import { TEXT_FIELD } from '../shape/shape.js';
import type { HomelessKey } from '../shape/turned-away.js';
import { shapedTypeSql } from './column-types.js';
import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { keyOfField, keyOfItem, keyOfColumn, textOf } from './rescued.js';
import { joinSql, sql, type Sql } from './text.js';

/**
 * Lifts values from where they stand (a staging file's layout, or a table's older columns) to a target shape above
 * it: a single value or an object becomes the one item of a list, a text among structs becomes its field `#text`,
 * what is absent becomes null. Shapes only go up, so there is always a way.
 */
export interface Source {
  readonly scalar?: Sql;
  readonly fields: ReadonlyMap<string, Source>;
  readonly list?: SourceList;
}

interface SourceList {
  readonly value: Sql;
  /** Whether an item's values depend on where it stands, as those do that may be in `_rescued`. */
  readonly byIndex: boolean;
  /** Whether an item may hold values of which none has a column: then it is as good as null. */
  readonly partial?: boolean;
  item(element: Sql, index: Sql): Source;
}

const NOTHING: Source = { fields: new Map() };

/**
 * Staged columns, each read as a field of `row` (the view's alias, or a list's element).
 * @param homeless what of them goes to `_overflow`
 */
export function sourceOfLayout(node: LayoutNode, row: Sql, homeless: readonly HomelessKey[] = []): Source {
  return sourceOfNode(node, row, new Map(homeless.map((key) => [key.staged, key])));
}

function sourceOfNode(node: LayoutNode, row: Sql, homeless: ReadonlyMap<string, HomelessKey>): Source {
  const { scalar } = node;
  const lost = node.list === undefined ? undefined : homeless.get(node.list.key);
  const list = lost?.isWhole === true ? undefined : node.list;
  return {
    ...(scalar === undefined || homeless.has(scalar) ? {} : { scalar: field(row, scalar) }),
    fields: new Map(
      [...(node.fields ?? [])].map(([key, child]) => [key, sourceOfNode(child, row, homeless)]),
    ),
    ...(list === undefined
      ? {}
      : {
          list: {
            value: field(row, list.key),
            byIndex: false,
            partial: lost !== undefined,
            item: (element: Sql) => sourceOfLayout(list.item, element, lost?.items),
          },
        }),
  };
}

/** A table's present columns, to be rewritten to a higher shape or to other types. */
export function sourceOfColumns(columns: readonly ShapedColumn[], row: Sql): Source {
  return sourceOfFields(columns, row, 0, (name) => keyOfColumn(name));
}

/** @param keyOf key in `_rescued` of a field of this scope */
function sourceOfFields(
  columns: readonly ShapedColumn[],
  row: Sql,
  depth: number,
  keyOf: (name: string) => Sql,
): Source {
  const root = new MutableSource();
  for (const column of columns) {
    const place = root.at(column.path.slice(depth));
    const value = field(row, column.name);
    const key = keyOf(column.name);
    if (column.type.kind === 'scalar') place.scalar = textOf(value, column.type.type, key);
    else place.list = listSource(column.type.item, value, key, column.path.length + 1);
  }
  return root;
}

function listSource(item: Scalar | StructType, value: Sql, key: Sql, depth: number): SourceList {
  const byIndex = isTyped(item);
  if (item.kind === 'scalar') {
    const itemOf = (element: Sql, index: Sql): Source => ({
      scalar: textOf(element, item.type, keyOfItem(key, index)),
      fields: new Map(),
    });
    return { value, byIndex, item: itemOf };
  }
  const itemOf = (element: Sql, index: Sql): Source =>
    sourceOfFields(item.fields, element, depth, (name) => keyOfField(keyOfItem(key, index), name));
  return { value, byIndex, item: itemOf };
}

class MutableSource implements Source {
  scalar?: Sql;
  list?: SourceList;
  readonly fields = new Map<string, MutableSource>();

  at(path: Path): MutableSource {
    const [key, ...rest] = path;
    if (key === undefined || key === null) return this;
    const child = this.fields.get(key) ?? new MutableSource();
    this.fields.set(key, child);
    return child.at(rest);
  }
}

/** The value of a target column, as text. `depth` is the length of the path above the column's scope. */
export function lift(column: ShapedColumn, source: Source, depth = 0): Sql {
  const path = column.path.slice(depth);
  const at = locate(source, path);
  if (column.type.kind === 'scalar') return at.scalar ?? sql`CAST(NULL AS STRING)`;
  return liftList(column.type, at, depth + path.length + 1);
}

/** What stands at a path. A plain text among structs stands at the item itself, and is the field `#text`. */
function locate(source: Source, path: Path): Source {
  const at = descend(source, path);
  if (path.length !== 1 || path[0] !== TEXT_FIELD || source.scalar === undefined) return at;
  const scalar = at.scalar === undefined ? source.scalar : sql`coalesce(${at.scalar}, ${source.scalar})`;
  return { ...at, scalar };
}

function liftList(type: Extract<ShapedType, { kind: 'list' }>, at: Source, depth: number): Sql {
  const choices: Sql[] = [];
  if (at.list !== undefined) {
    // Nested lists need nested names; the depth makes them differ.
    const element = identifier(`e${depth}`);
    const index = identifier(`i${depth}`);
    const from = at.list.item(element, index);
    const names = at.list.byIndex ? sql`(${element}, ${index})` : element;
    // A typed item may be null because its text stands in `_rescued`.
    const present = at.list.byIndex && from.fields.size === 0 ? (from.scalar ?? element) : element;
    const holds = at.list.partial === true ? valuesOf(from) : [present];
    const item = liftItem(type.item, from, depth);
    choices.push(sql`transform(${at.list.value}, ${names} -> CASE WHEN ${anyOf(holds)} THEN ${item} END)`);
  }
  const single = valuesOf({ ...at, list: undefined });
  if (single.length > 0) {
    choices.push(sql`CASE WHEN ${anyOf(single)} THEN array(${liftItem(type.item, at, depth)}) END`);
  }
  const [first] = choices;
  if (first === undefined) return sql`CAST(NULL AS ${shapedTypeSql(asText(type))})`;
  return choices.length === 1 ? first : sql`coalesce(${joinSql(choices, ', ')})`;
}

function liftItem(item: Scalar | StructType, source: Source, depth: number): Sql {
  if (item.kind === 'scalar') return source.scalar ?? sql`CAST(NULL AS STRING)`;
  const fields = item.fields.map((each) => sql`${literal(each.name)}, ${lift(each, source, depth)}`);
  return sql`named_struct(${joinSql(fields, ', ')})`;
}

function anyOf(values: readonly Sql[]): Sql {
  if (values.length === 0) return sql`false`;
  return joinSql(
    values.map((value) => sql`${value} IS NOT NULL`),
    ' OR ',
  );
}

/** Every expression that holds a value somewhere below. */
function valuesOf(source: Omit<Source, 'list'> & { list?: Source['list'] | undefined }): Sql[] {
  return [
    ...(source.scalar === undefined ? [] : [source.scalar]),
    ...(source.list === undefined ? [] : [source.list.value]),
    ...[...source.fields.values()].flatMap(valuesOf),
  ];
}

function descend(source: Source, path: Path): Source {
  let at: Source = source;
  for (const key of path) at = (key === null ? undefined : at.fields.get(key)) ?? NOTHING;
  return at;
}

function field(row: Sql, name: string): Sql {
  return sql`${row}.${identifier(name)}`;
}

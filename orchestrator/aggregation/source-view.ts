import { declarationKey } from '../config/declared-type.js';
import { foldCase } from '../shape/fold-case.js';
import type { ShapedColumn, ShapedType } from '../shape/columns.js';
import { TEXT_FIELD } from '../shape/shape.js';
import type { BaseColumn } from '../shape/table-columns.js';
import { identifier } from '../sql/identifier.js';
import { lift, sourceOfColumns, type Source } from '../sql/lift.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { typedValue } from '../sql/typed.js';
import type { FreeColumn, ModelColumn } from './model.js';
import { columnTypeSql, pathOfFree } from './models/columns.js';

/** A table of the lake at the version a run has pinned. */
export interface PinnedTable {
  readonly url: string;
  readonly version: bigint;
  /** Columns of that version. */
  readonly names: readonly string[];
  /** What the ledger knows of its free part. */
  readonly free: readonly ShapedColumn[];
}

/** What a model reads of a table. */
export interface WantedColumns {
  readonly base: readonly BaseColumn[];
  readonly free: readonly FreeColumn[];
}

/**
 * A source as its model reads it, whatever shape and types the table has: a column never seen is null, a text that is not
 * wholly a value of the model's type is null, a single value where the model reads a list is its one item. Where a
 * record holds a list and the model reads one value, the list's last item counts, for every column below it alike.
 */
export function sourceView(name: string, table: PinnedTable, wanted: WantedColumns): Sql {
  const there = new Map(table.names.map((each) => [foldCase(each), each]));
  const base = wanted.base.map((column) => {
    const actual = there.get(foldCase(column.name));
    const type = column.type as string as Sql;
    const value = actual === undefined ? sql`CAST(NULL AS ${type})` : sql`t.${identifier(actual)}`;
    return sql`${value} AS ${identifier(column.name)}`;
  });
  const present = table.free.filter((column) => there.has(foldCase(column.name)));
  const texts = wanted.free.map((column) => {
    const { target, source } = resolve(column, present);
    return { target, text: sql`${textOf(target, source)} AS ${identifier(column.name)}` };
  });
  // Values are cast once, over the texts: a text's expression may be long and is used several times by a cast.
  const outer = [
    ...wanted.base.map((column) => sql`r.${identifier(column.name)}`),
    ...texts.map(({ target }) => sql`${typedValue(target, sql`r`)} AS ${identifier(target.name)}`),
  ];
  return sql`CREATE OR REPLACE TEMPORARY VIEW ${identifier(name)} AS SELECT
  ${joinSql(outer, ',\n  ')}
FROM (SELECT
  ${joinSql([...base, ...texts.map(({ text }) => text)], ',\n  ')}
FROM delta.${identifier(table.url)} VERSION AS OF ${table.version} AS t) AS r
;`;
}

/** Another model's table, or the model's own of earlier months; without a version one that is not there yet: empty. */
export function outputView(
  name: string,
  url: string,
  version: bigint | null,
  columns: readonly ModelColumn[],
  month?: Sql,
): Sql {
  const where = month === undefined ? sql`` : sql` WHERE \`month\` = ${month}`;
  const names = joinSql(
    columns.map((column) => identifier(column.name)),
    ', ',
  );
  const empty = joinSql(
    columns.map((column) => sql`CAST(NULL AS ${columnTypeSql(column.type)}) AS ${identifier(column.name)}`),
    ', ',
  );
  const select =
    version === null
      ? sql`SELECT ${empty} WHERE false`
      : sql`SELECT ${names} FROM delta.${identifier(url)} VERSION AS OF ${version}${where}`;
  return sql`CREATE OR REPLACE TEMPORARY VIEW ${identifier(name)} AS ${select}
;`;
}

interface Resolved {
  readonly target: ShapedColumn;
  readonly source: Source;
}

/** The column by its name in the table (case aside); else by its path, which a list on the way or a new name has moved. */
function resolve(column: FreeColumn, present: readonly ShapedColumn[]): Resolved {
  const key = declarationKey(column.name);
  const named = present.find((each) => foldCase(each.name) === foldCase(column.name));
  const known = named ?? present.find((each) => declarationKey(each.name) === key);
  const path = known?.path ?? pathOfFree(column.name);
  const { type, fields } = column;
  const scalar = { kind: 'scalar', type: type.scalar } as const;
  const struct = {
    kind: 'struct',
    fields: fields.map((field) => ({
      path: [...path, null, ...field.split('__')],
      name: field,
      type: { kind: 'scalar', type: 'string' } as const,
    })),
  } as const;
  const isList = type.list || fields.length > 0;
  const shaped: ShapedType = isList ? { kind: 'list', item: fields.length > 0 ? struct : scalar } : scalar;
  return { target: { path, name: column.name, type: shaped }, source: sourceOfColumns(present, sql`t`) };
}

function textOf(target: ShapedColumn, source: Source): Sql {
  if (target.type.kind === 'list') return lift(target, source);
  return singleText(source, target.path) ?? sql`CAST(NULL AS STRING)`;
}

/** One text at a path; through lists by their last items. */
function singleText(source: Source, path: ShapedColumn['path']): Sql | undefined {
  const choices: Sql[] = [];
  const [key, ...rest] = path;
  if (source.list !== undefined) {
    const { value } = source.list;
    const last = source.list.item(sql`try_element_at(${value}, -1)`, sql`size(${value}) - 1`);
    const inLast = singleText(last, path);
    if (inLast !== undefined) choices.push(inLast);
  }
  if (key === undefined) {
    if (source.scalar !== undefined) choices.push(source.scalar);
    const text = source.fields.get(TEXT_FIELD)?.scalar;
    if (text !== undefined) choices.push(text);
  } else if (key !== null) {
    const child = source.fields.get(key);
    const below = child === undefined ? undefined : singleText(child, rest);
    if (below !== undefined) choices.push(below);
  }
  const [first] = choices;
  return choices.length > 1 ? sql`coalesce(${joinSql(choices, ', ')})` : first;
}

import type { ShapedColumn, ShapedType, StructType } from '../shape/columns.js';
import { shapedTypeSql, type TableColumn } from './column-types.js';
import { identifier } from './identifier.js';
import { sql, type Sql } from './text.js';

/** A column as the Delta log's schema has it (Spark's JSON form of a type). */
export interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
}

export type DeltaType =
  | string
  | { readonly type: 'array'; readonly elementType: DeltaType }
  | { readonly type: 'struct'; readonly fields: readonly DeltaField[] }
  | { readonly type: 'map' };

/** Columns, and fields of list structs (`list`.element.`field`), that the table lacks: an ADD COLUMNS list. */
export function missingColumns(
  fixed: readonly TableColumn[],
  shaped: readonly ShapedColumn[],
  actual: readonly DeltaField[],
): Sql[] {
  const present = new Map(actual.map((field) => [field.name.toLowerCase(), field.type]));
  return [
    ...fixed
      .filter((column) => !present.has(column.name.toLowerCase()))
      .map((column) => sql`${identifier(column.name)} ${column.type}`),
    ...shaped.flatMap((column) => missingFrom(column, present, identifier(column.name))),
  ];
}

function missingFrom(column: ShapedColumn, present: ReadonlyMap<string, DeltaType>, place: Sql): Sql[] {
  const actual = present.get(column.name.toLowerCase());
  if (actual === undefined) return [sql`${place} ${shapedTypeSql(column.type)}`];
  const struct = structOf(column.type);
  const fields = structFields(actual);
  if (struct === undefined || fields === undefined) return [];
  const known = new Map(fields.map((field) => [field.name.toLowerCase(), field.type]));
  return struct.fields.flatMap((field) =>
    missingFrom(field, known, sql`${place}.element.${identifier(field.name)}`),
  );
}

function structOf(type: ShapedType): StructType | undefined {
  return type.kind === 'list' && type.item.kind === 'struct' ? type.item : undefined;
}

function structFields(type: DeltaType): readonly DeltaField[] | undefined {
  if (typeof type === 'string' || type.type !== 'array') return undefined;
  const element = type.elementType;
  return typeof element !== 'string' && element.type === 'struct' ? element.fields : undefined;
}

/** Whether the table has all the columns, each with its own type; it may have more. */
export function hasColumns(actual: readonly DeltaField[], columns: readonly ShapedColumn[]): boolean {
  const present = new Map(actual.map((field) => [field.name.toLowerCase(), field.type]));
  return columns.every((column) => {
    const type = present.get(column.name.toLowerCase());
    return type !== undefined && hasType(type, column.type);
  });
}

/** Whether the columns that a rewrite takes away (those of `before` that `after` has not) are gone. */
export function lacksColumns(
  actual: readonly DeltaField[],
  before: readonly ShapedColumn[],
  after: readonly ShapedColumn[],
): boolean {
  const stay = new Set(after.map((column) => column.name.toLowerCase()));
  const present = new Set(actual.map((field) => field.name.toLowerCase()));
  return before.every(({ name }) => stay.has(name.toLowerCase()) || !present.has(name.toLowerCase()));
}

function hasType(actual: DeltaType, wanted: ShapedType): boolean {
  if (wanted.kind === 'scalar') return actual === wanted.type;
  if (typeof actual === 'string' || actual.type !== 'array') return false;
  if (wanted.item.kind === 'scalar') return actual.elementType === wanted.item.type;
  const fields = structFields(actual);
  return fields !== undefined && hasColumns(fields, wanted.item.fields);
}

/**
 * Whether old columns can't stay as they are under the new shape: a scalar or an object became a list, a list of
 * texts one of structs, or another type is declared. Then the whole table is rewritten; anything else is a matter of adding columns.
 */
export function needsRewrite(before: readonly ShapedColumn[], after: readonly ShapedColumn[]): boolean {
  const byPath = new Map(after.map((column) => [JSON.stringify(column.path), column.type]));
  return before.some((column) => {
    const now = byPath.get(JSON.stringify(column.path));
    return now === undefined || typeChanged(column.type, now);
  });
}

function typeChanged(before: ShapedType, now: ShapedType): boolean {
  if (before.kind === 'scalar') return now.kind !== 'scalar' || before.type !== now.type;
  if (now.kind === 'scalar') return true;
  const [old, item] = [before.item, now.item];
  if (old.kind === 'scalar') return item.kind !== 'scalar' || old.type !== item.type;
  return item.kind === 'scalar' || needsRewrite(old.fields, item.fields);
}

import type { DeclaredTypes } from '../config/table-config.js';
import { declarationKey, type ScalarType } from '../config/declared-type.js';
import type { JsonObject } from '../types.js';
import {
  encodeColumnName,
  type ColumnNames,
  type Path,
  type Scalar,
  type ShapedColumn,
  type ShapedType,
  type StructType,
  type TypeOf,
} from './columns.js';
import { EMPTY_SHAPE, join, type ShapeNode } from './shape.js';

/** Types by path, as the ledger keeps what a table's columns have now. Texts are left out. */
export function typesToJson(columns: readonly ShapedColumn[]): JsonObject {
  const types: JsonObject = {};
  const take = (path: Path, type: ScalarType): void => {
    if (type !== 'string') types[JSON.stringify(path)] = type;
  };
  for (const { path, type } of columns) {
    if (type.kind === 'scalar') take(path, type.type);
    else if (type.item.kind === 'scalar') take([...path, null], type.item.type);
    else Object.assign(types, typesToJson(type.item.fields));
  }
  return types;
}

export function knownTypes(json: JsonObject): TypeOf {
  return (path) => (json[JSON.stringify(path)] ?? 'string') as ScalarType;
}

export function declaredTypeOf(declared: DeclaredTypes): TypeOf {
  return (_, key) => declared.get(key)?.scalar ?? 'string';
}

/** Makes lists of the paths that are declared as `list`, whatever was seen there. */
export function raiseDeclared(
  shape: ShapeNode,
  prefix: string,
  names: ColumnNames,
  declared: DeclaredTypes,
): ShapeNode {
  if (![...declared.values()].some(({ list }) => list)) return shape;
  const raise = (node: ShapeNode, path: Path, plain: string, above: string): ShapeNode => {
    const name = names.known(path) ?? encodeColumnName(plain);
    const key = declarationKey(`${above}${name}`);
    const list = declared.get(key)?.list === true ? join(node, { ...EMPTY_SHAPE, item: EMPTY_SHAPE }) : node;
    if (list.item === undefined) return { ...list, fields: below(list, path, plain, above) };
    const fields = below(list.item, [...path, null], undefined, `${key}__`);
    return { ...list, item: { ...list.item, fields } };
  };
  const below = (
    node: ShapeNode,
    path: Path,
    plain: string | undefined,
    above: string,
  ): ReadonlyMap<string, ShapeNode> =>
    new Map(
      [...node.fields].map(([key, child]) => [
        key,
        raise(child, [...path, key], plain === undefined ? key : `${plain}__${key}`, above),
      ]),
    );
  return { ...shape, fields: below(shape, [], prefix, '') };
}

/** Whether any value below has a declared type. A table with one has a column `_rescued`. */
export function isTyped(type: ShapedType | StructType): boolean {
  switch (type.kind) {
    case 'scalar':
      return type.type !== 'string';
    case 'list':
      return isTyped(type.item);
    case 'struct':
      return type.fields.some((field) => isTyped(field.type));
  }
}

const TEXT: Scalar = { kind: 'scalar', type: 'string' };

/** The same shape without declared types. */
export function asText(type: ShapedType): ShapedType {
  if (type.kind === 'scalar') return TEXT;
  if (type.item.kind === 'scalar') return { kind: 'list', item: TEXT };
  const fields = type.item.fields.map((field) => ({ ...field, type: asText(field.type) }));
  return { kind: 'list', item: { kind: 'struct', fields } };
}

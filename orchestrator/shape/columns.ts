import { declarationKey, type ScalarType } from '../config/declared-type.js';
import { shortHash } from '../short-hash.js';
import type { JsonObject } from '../types.js';
import { foldCase } from './fold-case.js';
import { TEXT_FIELD, type ShapeNode } from './shape.js';

/** Where a value stands: keys from the top down; null stands for "an item of this list". */
export type Path = readonly (string | null)[];

/** A column of the free part, or a field of a list's struct. */
export interface ShapedColumn {
  readonly path: Path;
  readonly name: string;
  readonly type: ShapedType;
}

export type ShapedType = Scalar | { readonly kind: 'list'; readonly item: Scalar | StructType };

export interface Scalar {
  readonly kind: 'scalar';
  readonly type: ScalarType;
}

export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly ShapedColumn[];
}

/**
 * Column names by path, per table, kept in the ledger. A name once given stays: Spark and Delta ignore case, so of
 * two names that are equal ignoring case the later gets `__` and 8 hex digits of the original's sha256.
 */
export class ColumnNames {
  readonly #names = new Map<string, string>();
  /** Names without case, by scope: the table, or the struct of the innermost list above. */
  readonly #taken = new Map<string, Set<string>>();

  static fromJson(json: JsonObject): ColumnNames {
    const names = new ColumnNames();
    for (const [key, name] of Object.entries(json)) {
      const path: unknown = JSON.parse(key);
      if (!Array.isArray(path) || typeof name !== 'string') continue;
      names.#names.set(key, name);
      names.takenIn(path.slice(0, path.lastIndexOf(null) + 1)).add(foldCase(name));
    }
    return names;
  }

  toJson(): JsonObject {
    return Object.fromEntries(this.#names);
  }

  /** The name of a path, given now if it has none. */
  nameOf(path: Path, plain: string, taken: Set<string>): string {
    const key = JSON.stringify(path);
    const name = this.#names.get(key) ?? freeColumnName(plain, key, taken);
    this.#names.set(key, name);
    taken.add(foldCase(name));
    return name;
  }

  /** The name a path has, if it was given one. */
  known(path: Path): string | undefined {
    return this.#names.get(JSON.stringify(path));
  }

  /** The names a scope holds, without case; a live set: adding to it reserves the name. */
  takenIn(scope: Path): Set<string> {
    const key = JSON.stringify(scope);
    const taken = this.#taken.get(key) ?? new Set<string>();
    this.#taken.set(key, taken);
    return taken;
  }
}

/** The type of a scalar, by its path and the key by which lake.yaml may declare one ({@link declarationKey}). */
export type TypeOf = (path: Path, key: string) => ScalarType;

/** Where a field is named: the table, or the struct of a list. */
interface Scope {
  readonly names: ColumnNames;
  readonly taken: Set<string>;
  readonly typeOf: TypeOf;
  /** Key of the list whose struct this is, with the joining `__`; '' for the table. */
  readonly above: string;
}

/**
 * The columns of a table's free part, named and typed.
 * @param prefix `form`, `case_json` or `metadata`
 * @param fixed names of the table's fixed columns, which no path may take
 */
export function shapedColumns(
  shape: ShapeNode,
  prefix: string,
  names: ColumnNames,
  fixed: readonly string[],
  typeOf: TypeOf = () => 'string',
): ShapedColumn[] {
  const taken = names.takenIn([]);
  for (const name of fixed) taken.add(foldCase(name));
  const table: Scope = { names, taken, typeOf, above: '' };
  return [...shape.fields].flatMap(([key, node]) => flatten(node, [key], `${prefix}__${key}`, table));
}

function flatten(node: ShapeNode, path: Path, plain: string, scope: Scope): ShapedColumn[] {
  const own = (type: (key: string) => ShapedType): ShapedColumn => {
    const name = scope.names.nameOf(path, plain, scope.taken);
    return { path, name, type: type(declarationKey(`${scope.above}${name}`)) };
  };
  const { item } = node;
  if (item !== undefined) return [own((key) => listType(item, path, key, scope))];
  const scalar = node.scalar ? [own((key) => ({ kind: 'scalar', type: scope.typeOf(path, key) }))] : [];
  const below = [...node.fields].flatMap(([key, child]) =>
    flatten(child, [...path, key], `${plain}__${key}`, scope),
  );
  return [...scalar, ...below];
}

function listType(item: ShapeNode, path: Path, key: string, { names, typeOf }: Scope): ShapedType {
  const below: Path = [...path, null];
  // A plain text among structs is the value that the declaration of the list itself means.
  const typeBelow: TypeOf = (at, own) =>
    at.length === below.length + 1 && at.at(-1) === TEXT_FIELD && typeOf(at, own) === 'string'
      ? typeOf(at, key)
      : typeOf(at, own);
  const scope: Scope = { names, taken: names.takenIn(below), typeOf: typeBelow, above: `${key}__` };
  const fields = [...item.fields].flatMap(([name, node]) => flatten(node, [...below, name], name, scope));
  // Fields that hold nothing (objects without values) leave nothing to keep.
  if (fields.length === 0) return { kind: 'list', item: { kind: 'scalar', type: typeOf(below, key) } };
  return { kind: 'list', item: { kind: 'struct', fields } };
}

/** Each of ` ,;{}()=~`, tab and newline becomes `~XX`: Delta refuses them without column mapping. */
export function encodeColumnName(plain: string): string {
  return plain.replace(
    /[ ,;{}()=~\t\n]/g,
    (character) => `~${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function freeColumnName(plain: string, key: string, taken: ReadonlySet<string>): string {
  const encoded = encodeColumnName(plain);
  if (!taken.has(foldCase(encoded))) return encoded;
  const suffixed = `${encoded}__${shortHash(plain)}`;
  if (!taken.has(foldCase(suffixed))) return suffixed;
  // Two paths with one flattened spelling (`a__b` and `a` > `b`): the path itself tells them apart.
  return `${encoded}__${shortHash(key)}`;
}

import { declarationKey } from '../config/declared-type.js';
import { encodeColumnName } from '../shape/columns.js';
import { foldCase } from '../shape/fold-case.js';
import { TEXT_FIELD } from '../shape/shape.js';
import { shortHash } from '../short-hash.js';
import type { JsonObject, JsonValue } from '../types.js';

/** A list directly in a list is an object with this one field (shape/layout.ts). */
const INNER_LIST_FIELD = '#list';

/**
 * The paths of a free part, beside the columns that lake.yaml names. A path is worked out when it is first seen and
 * remembered, so that a record with hundreds of values costs a look-up for each branch, not a comparison of names.
 *
 * A name is that of the column, lists on the way and case aside; of two columns equal ignoring case it means both,
 * unless it bears the later one's `__` and 8 hex digits.
 */
export class ColumnTree {
  readonly root: ColumnNode;

  /** @param below whether a name means all that lies below it too (a mask), or that column alone (a filter) */
  constructor(prefix: string, names: readonly string[], below: boolean) {
    const wanted = names.map(columnKey);
    // Rather too much is masked: what a suffix was given for is known only to the table.
    const unsuffixed = below ? wanted.map((name) => name.replace(/__[0-9a-f]{8}$/, '')) : [];
    this.root = new ColumnNode([...new Set([...wanted, ...unsuffixed])], below, prefix, []);
  }
}

/** The name that a column and a setting have in common. */
export function columnKey(name: string): string {
  return foldCase(declarationKey(name));
}

export class ColumnNode {
  /** The path is (or lies below) a column that is named. */
  readonly isNamed: boolean;
  /** A path below may be named. */
  readonly isOnTheWay: boolean;
  readonly #wanted: readonly string[];
  readonly #below: boolean;
  readonly #prefix: string;
  readonly #path: readonly string[];
  readonly #children = new Map<string, ColumnNode>();

  constructor(wanted: readonly string[], below: boolean, prefix: string, path: readonly string[]) {
    this.#wanted = wanted;
    this.#below = below;
    this.#prefix = prefix;
    this.#path = path;
    const keys = keysOf(prefix, path);
    const isOne = (name: string, key: string): boolean =>
      key === name || (below && key.startsWith(`${name}__`));
    this.isNamed = path.length > 0 && wanted.some((name) => keys.some((key) => isOne(name, key)));
    this.isOnTheWay = wanted.some((name) => keys.some((key) => name.startsWith(`${key}__`)));
  }

  child(key: string): ColumnNode {
    let child = this.#children.get(key);
    if (child === undefined) {
      child = new ColumnNode(this.#wanted, this.#below, this.#prefix, [...this.#path, key]);
      this.#children.set(key, child);
    }
    return child;
  }

  /** A text here is a named column: itself, or its `#text` where the table has a list of objects. */
  get isNamedText(): boolean {
    return this.isNamed || (this.isOnTheWay && this.child(TEXT_FIELD).isNamed);
  }

  get innerList(): ColumnNode {
    return this.child(INNER_LIST_FIELD);
  }
}

/** Every spelling under which a path may be named. */
function keysOf(prefix: string, path: readonly string[]): string[] {
  const plain = [prefix, ...path].join('__');
  const encoded = encodeColumnName(plain);
  const spellings = [
    plain,
    encoded,
    [prefix, ...path.filter((key) => key !== INNER_LIST_FIELD)].join('__'),
    `${encoded}__${shortHash(plain)}`,
    `${encoded}__${shortHash(JSON.stringify(path))}`,
  ];
  return [...new Set(spellings.map(columnKey))];
}

export function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

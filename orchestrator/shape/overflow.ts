import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../types.js';
import { encodeColumnName } from './columns.js';

/**
 * `_overflow MAP<STRING, STRING>` (decision 0028): the texts of paths that have no column because the table has as many
 * as it may have. A key is the name the column would have had, with the position in each list, as `_rescued` spells it:
 * `form__a__b`, `form__visits[3]`, `form__visits[3].weight`.
 *
 * A key says its path and nothing but it: a `[` of a name is `~5B`, and a `_` that could be taken for part of the joining
 * `__` is `~5F`. So no two places of a record have one key, whatever their names are.
 */
export const OVERFLOW = '_overflow' as const;

/** One text without a column, as staged and as Spark reads it. */
export interface OverflowEntry extends JsonObject {
  readonly key: string;
  readonly value: string;
}

/** So many of the paths without a column are told by name. */
export const NAMES_TOLD = 100;
/**
 * Keys of more characters are cut and marked with a hash: a form nested a thousand deep would else hold its own names a
 * million times over.
 */
const MOST_CHARACTERS = 300;
const CHARACTERS_KEPT = 100;

/** Before a name below an object; before the name of a field of a list's item. */
export type Joiner = '__' | '.';

/** Key of what stands at `name` below `key`. */
export function keyBelow(key: string, name: string, joiner: Joiner): string {
  const part = encodeColumnName(name)
    .replaceAll('[', '~5B')
    .replace(/^_|(?<=_)_/g, '~5F');
  return bounded(`${key}${joiner}${part}`);
}

export function keyOfItemAt(key: string, index: number): string {
  return bounded(`${key}[${index}]`);
}

/** A key of bearable length. `~~` stands in no other: a `~` of a name is `~7E`. Half of a letter of two would be no text. */
export function bounded(key: string): string {
  if (key.length <= MOST_CHARACTERS) return key;
  const start = key.slice(0, CHARACTERS_KEPT).replace(/[\uD800-\uDBFF]$/, '');
  return `${start}~~${createHash('sha256').update(key).digest('hex')}`;
}

/** The key without positions: what people call the path. */
export function pathOfKey(key: string): string {
  return key.replace(/\[\d+\]/g, '[]');
}

/** A list directly in a list has no shape of its own in Delta's SQL: it is an object with this one field. */
export const INNER_LIST_FIELD = '#list';

/** Every scalar is text; numbers and booleans of case_json as their JSON text. */
export function textOf(value: string | number | boolean): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a batch of one table turned away. */
export interface TurnedAway {
  /** The first paths, by {@link pathOfKey}; {@link NAMES_TOLD} at most. */
  readonly names: readonly string[];
  /** The first record with such a path. */
  readonly by: string;
}

/** Collects the texts of one record after the other that get no column. */
export class Overflow {
  readonly #names = new Set<string>();
  #entries: OverflowEntry[] = [];
  #by: string | undefined;
  #record = '';

  begin(record: string): void {
    this.#record = record;
  }

  /** All texts of a value, each under its own key. */
  addValue(key: string, value: JsonValue | undefined): void {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) this.#addItem(keyOfItemAt(key, index), each);
    } else if (typeof value === 'object') this.#addFields(key, value, '__');
    else this.#addText(key, textOf(value));
  }

  /** @returns what the record has brought, undefined for nothing */
  take(): OverflowEntry[] | undefined {
    if (this.#entries.length === 0) return undefined;
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  get turnedAway(): TurnedAway | undefined {
    return this.#by === undefined ? undefined : { names: [...this.#names], by: this.#by };
  }

  #addItem(key: string, item: JsonValue): void {
    if (Array.isArray(item)) this.#addFields(key, { [INNER_LIST_FIELD]: item }, '.');
    else if (typeof item === 'object' && item !== null) this.#addFields(key, item, '.');
    else this.addValue(key, item);
  }

  #addFields(key: string, tree: JsonObject, joiner: Joiner): void {
    for (const name of Object.keys(tree)) this.addValue(keyBelow(key, name, joiner), tree[name]);
  }

  #addText(key: string, value: string): void {
    this.#by ??= this.#record;
    if (this.#names.size < NAMES_TOLD) this.#names.add(pathOfKey(key));
    this.#entries.push({ key, value });
  }
}

import { textOf, type Tree, type Value } from './tree.js';

/**
 * The rules of shapes (design section 7), written anew for the tests: no code of orchestrator/shape is used. A path
 * was a text, an object or a list; a list stays one, and what was anything else there becomes its item.
 */
export interface Seen {
  text: boolean;
  readonly fields: Map<string, Seen>;
  /** What the items are, once the path was a list in any document. */
  item?: Seen;
}

/** A value that needs a column: a text, or a list with all that is below it. */
export interface Leaf {
  /** Keys from the table, or from the struct of the list above. */
  readonly keys: readonly string[];
  /** Undefined: a text. */
  readonly item: Seen | undefined;
}

const TEXT_IN_LIST = '#text';
const LIST_IN_LIST = '#list';

/** The shape of a table that has held these documents. */
export function shapeOf(trees: Iterable<Tree>): Seen {
  const root = nothing();
  for (const tree of trees) see(root, tree);
  return settled(root);
}

function nothing(): Seen {
  return { text: false, fields: new Map() };
}

function see(at: Seen, value: Value): void {
  if (Array.isArray(value)) {
    at.item ??= nothing();
    for (const each of value) see(at.item, asItem(each));
  } else if (value instanceof Map) {
    for (const [key, child] of value) {
      const below = at.fields.get(key) ?? nothing();
      at.fields.set(key, below);
      see(below, child);
    }
  } else if (value !== null) at.text = true;
}

/** Where a path was a list, its texts and objects become items: of texts alone, or of structs. */
function settled(seen: Seen): Seen {
  const fields = new Map([...seen.fields].map(([key, child]) => [key, settled(child)] as const));
  if (seen.item === undefined) return { text: seen.text, fields };
  const single: Seen = { text: seen.text, fields: seen.fields };
  const item = settled(merged(seen.item, single));
  // A text among objects is a field of theirs.
  if (item.text && [...item.fields.values()].some(holdsAnything)) {
    const text = item.fields.get(TEXT_IN_LIST) ?? nothing();
    item.fields.set(TEXT_IN_LIST, settled(merged(text, { text: true, fields: new Map() })));
    item.text = false;
  }
  return { ...nothing(), item };
}

function merged(one: Seen, other: Seen): Seen {
  const fields = new Map(one.fields);
  for (const [key, child] of other.fields) fields.set(key, merged(fields.get(key) ?? nothing(), child));
  const item = one.item && other.item ? merged(one.item, other.item) : (one.item ?? other.item);
  return { text: one.text || other.text, fields, ...(item === undefined ? {} : { item }) };
}

function holdsAnything(seen: Seen): boolean {
  return seen.text || seen.item !== undefined || [...seen.fields.values()].some(holdsAnything);
}

/** What needs a column of the table, or a field of a list's struct. Objects are flattened; a list holds the rest. */
export function leavesOf(seen: Seen, keys: readonly string[] = []): Leaf[] {
  if (seen.item !== undefined) return [{ keys, item: seen.item }];
  const below = [...seen.fields].flatMap(([key, child]) => leavesOf(child, [...keys, key]));
  return seen.text ? [{ keys, item: undefined }, ...below] : below;
}

/** Whether the items of a list are texts; else they are structs. */
export function isListOfTexts(item: Seen): boolean {
  return ![...item.fields.values()].some(holdsAnything);
}

/** A list directly in a list is an object with the one field `#list`. */
function asItem(item: Value): Value {
  return Array.isArray(item) ? new Map([[LIST_IN_LIST, item]]) : item;
}

/** The items that a list column holds for the value; undefined when the cell is null. */
export function itemsOf(value: Value | undefined): readonly Value[] | undefined {
  if (value === undefined || !holdsValue(value)) return undefined;
  return Array.isArray(value) ? value.map(asItem) : [value];
}

/** An object without values leaves nothing to hold; '' and the empty list are values. */
function holdsValue(value: Value): boolean {
  if (value instanceof Map) return [...value.values()].some(holdsValue);
  return value !== null;
}

/** An item as the struct's fields; undefined when the item is null or an object that holds nothing. */
export function fieldsOfItem(item: Value): Tree | undefined {
  if (!holdsValue(item)) return undefined;
  return item instanceof Map ? item : new Map([[TEXT_IN_LIST, item]]);
}

/** What stands at these keys below an object. */
export function valueAt(tree: Tree, keys: readonly string[]): Value | undefined {
  let at: Value | undefined = tree;
  for (const key of keys) {
    if (!(at instanceof Map)) return undefined;
    at = at.get(key);
  }
  return at;
}

/** The text at these keys; undefined when there is none, or an object. */
export function textAt(tree: Tree, keys: readonly string[]): string | undefined {
  return textOf(valueAt(tree, keys));
}

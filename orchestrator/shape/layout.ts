import type { JsonObject, JsonValue } from '../types.js';
import { EMPTY_SHAPE, asArray, asObject, join, type ShapeNode } from './shape.js';

/**
 * How one lane's staging files hold the free part of its records. Each (path, scalar or list) gets a short key of
 * its own as it is first seen: so a path may flip between text, object and list from record to record without a
 * second pass, keys hold no hostile name, and Spark can read the file with a fixed schema. The layout is kept in the
 * batch's manifest; the lane's SELECT lifts it to the table's shape (sql/lift.ts).
 *
 * List items are always structs, a plain text being their field `t`.
 */
export interface LayoutNode {
  scalar?: string;
  /** The record that first brought a text here; with `list.by` it explains a new or changed column. */
  scalarBy?: string;
  fields?: Map<string, LayoutNode>;
  list?: LayoutList;
}

interface LayoutList {
  readonly key: string;
  readonly keys: KeyCounter;
  readonly item: LayoutNode;
  /** The record that first brought a list here. */
  readonly by?: string;
}

export const ITEM_TEXT_KEY = 't';
/** A list directly in a list has no shape of its own in Delta's SQL: it is an object with this one field. */
const INNER_LIST_FIELD = '#list';

export class KeyCounter {
  #next: number;
  readonly #prefix: string;

  constructor(prefix: string, next = 0) {
    this.#prefix = prefix;
    this.#next = next;
  }

  draw(): string {
    return `${this.#prefix}${this.#next++}`;
  }
}

export class StagedLayout {
  readonly root: LayoutNode;
  readonly #keys: KeyCounter;

  constructor(root: LayoutNode = {}, keys = new KeyCounter('c')) {
    this.root = root;
    this.#keys = keys;
  }

  /** The tree of the record `id` as staged columns, by key; grows the layout by what it sees. */
  encode(tree: JsonObject, into: JsonObject, id: string): void {
    encodeFields(this.root, tree, into, this.#keys, id);
  }

  shape(): ShapeNode {
    return shapeOf(this.root);
  }

  toJson(): JsonObject {
    return nodeToJson(this.root);
  }

  static fromJson(json: JsonObject): StagedLayout {
    return new StagedLayout(nodeFromJson(json));
  }
}

function encodeFields(
  node: LayoutNode,
  tree: JsonObject,
  into: JsonObject,
  keys: KeyCounter,
  by: string,
): void {
  node.fields ??= new Map();
  for (const key of Object.keys(tree)) {
    const value = tree[key];
    if (value === null || value === undefined) continue;
    let child = node.fields.get(key);
    if (child === undefined) {
      child = {};
      node.fields.set(key, child);
    }
    encodeValue(child, value, into, keys, by);
  }
}

function encodeValue(
  node: LayoutNode,
  value: JsonValue,
  into: JsonObject,
  keys: KeyCounter,
  by: string,
): void {
  if (value === null) return;
  if (Array.isArray(value)) {
    const list = (node.list ??= { key: keys.draw(), keys: new KeyCounter('f'), item: {}, by });
    into[list.key] = value.map((each) => encodeItem(list.item, each, list.keys, by));
  } else if (typeof value === 'object') {
    encodeFields(node, value, into, keys, by);
  } else {
    if (node.scalar === undefined) node.scalarBy = by;
    into[(node.scalar ??= keys.draw())] = textOf(value);
  }
}

function encodeItem(item: LayoutNode, value: JsonValue, keys: KeyCounter, by: string): JsonValue {
  if (value === null) return null;
  const struct: JsonObject = {};
  if (Array.isArray(value)) {
    encodeFields(item, { [INNER_LIST_FIELD]: value }, struct, keys, by);
  } else if (typeof value === 'object') {
    encodeFields(item, value, struct, keys, by);
  } else {
    if (item.scalar === undefined) item.scalarBy = by;
    item.scalar = ITEM_TEXT_KEY;
    struct[ITEM_TEXT_KEY] = textOf(value);
  }
  // An object without a value is no item: a null among texts, it must not become a struct where structs came with it.
  return Object.keys(struct).length === 0 ? null : struct;
}

/** Every scalar is text; numbers and booleans of case_json as their JSON text. */
function textOf(value: string | number | boolean): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shapeOf(node: LayoutNode): ShapeNode {
  const fields = new Map<string, ShapeNode>();
  for (const [key, child] of node.fields ?? []) {
    const shape = shapeOf(child);
    if (shape.scalar || shape.fields.size > 0 || shape.item !== undefined) fields.set(key, shape);
  }
  const plain: ShapeNode = { scalar: node.scalar !== undefined, fields };
  if (node.list === undefined) return plain;
  return join(plain, { ...EMPTY_SHAPE, item: shapeOf(node.list.item) });
}

function nodeToJson(node: LayoutNode): JsonObject {
  const json: JsonObject = {};
  if (node.scalar !== undefined) json['s'] = node.scalar;
  if (node.scalarBy !== undefined) json['sb'] = node.scalarBy;
  if (node.fields !== undefined && node.fields.size > 0) {
    json['f'] = [...node.fields].map(([key, child]) => [key, nodeToJson(child)]);
  }
  if (node.list !== undefined) json['l'] = listToJson(node.list);
  return json;
}

function listToJson({ key, item, by }: LayoutList): JsonObject {
  return { k: key, i: nodeToJson(item), ...(by === undefined ? {} : { b: by }) };
}

function nodeFromJson(json: JsonObject): LayoutNode {
  const node: LayoutNode = {};
  if (typeof json['s'] === 'string') node.scalar = json['s'];
  if (typeof json['sb'] === 'string') node.scalarBy = json['sb'];
  const fields = asArray(json['f']);
  if (fields.length > 0) {
    node.fields = new Map();
    for (const entry of fields) {
      const [key, child] = asArray(entry);
      if (typeof key === 'string') node.fields.set(key, nodeFromJson(asObject(child)));
    }
  }
  const list = asObject(json['l']);
  if (typeof list['k'] === 'string') {
    const item = nodeFromJson(asObject(list['i']));
    const by = typeof list['b'] === 'string' ? { by: list['b'] } : {};
    node.list = { key: list['k'], keys: new KeyCounter('f'), item, ...by };
  }
  return node;
}

import type { JsonObject, JsonValue } from '../types.js';
import { INNER_LIST_FIELD, textOf, type OverflowEntry, type TurnedAway } from './overflow.js';
import { EMPTY_SHAPE, asArray, asObject, join, type ShapeNode } from './shape.js';
import { limitedRoot, Scope, type LayoutLimit, type Place } from './staged-place.js';

/**
 * How one lane's staging files hold the free part of its records. Each (path, scalar or list) gets a short key of
 * its own as it is first seen: so a path may flip between text, object and list from record to record without a
 * second pass, keys hold no hostile name, and Spark can read the file with a fixed schema. The layout is kept in the
 * batch's manifest; the lane's SELECT lifts it to the table's shape (sql/lift.ts).
 *
 * List items are always structs, a plain text being their field `t`. Paths beyond the table's limit get no key: their
 * texts stand together under {@link OVERFLOW_KEY} (overflow.ts), so that a file has few columns whatever comes.
 */
export interface LayoutNode {
  scalar?: string;
  /** The record that first brought a text here; with `list.by` it explains a new or changed column. */
  scalarBy?: string;
  fields?: Map<string, LayoutNode>;
  list?: LayoutList;
  /** While records are encoded under a limit: what the limit says of this path. */
  readonly place?: Place;
}

interface LayoutList {
  readonly key: string;
  readonly scope: Scope;
  readonly item: LayoutNode;
  /** The record that first brought a list here. */
  readonly by?: string;
}

export const ITEM_TEXT_KEY = 't';
/** The staged column of what has no column: `ARRAY<STRUCT<key, value>>`. */
export const OVERFLOW_KEY = 'over';

/** What a manifest keeps of a layout beside its paths. */
interface LayoutFacts {
  readonly maxColumns: number;
  readonly turnedAway: TurnedAway | undefined;
}

export class StagedLayout {
  readonly root: LayoutNode;
  /**
   * Columns that the table may have when this is merged. Part of what was staged: a lane that is rendered again must say
   * the same, whatever limit the process has then.
   */
  readonly maxColumns: number;
  readonly #scope: Scope;
  readonly #turnedAway: TurnedAway | undefined;

  /** @param limit none: every path gets a key */
  constructor(limit?: LayoutLimit, staged?: { readonly root: LayoutNode } & LayoutFacts) {
    const place = limit === undefined ? undefined : limitedRoot('c', limit);
    this.root = staged?.root ?? (place === undefined ? {} : { place });
    this.maxColumns = staged?.maxColumns ?? limit?.columns ?? Infinity;
    this.#scope = place?.scope ?? new Scope('c');
    this.#turnedAway = staged?.turnedAway;
  }

  /** The tree of the record `id` as staged columns, by key; grows the layout by what it sees. */
  encode(tree: JsonObject, into: JsonObject, id: string): void {
    const { overflow } = this.#scope;
    overflow?.begin(id);
    encodeFields(this.root, tree, into, this.#scope, id);
    const entries: OverflowEntry[] | undefined = overflow?.take();
    if (entries !== undefined) into[OVERFLOW_KEY] = entries;
  }

  /** Paths that got no key, when there are any: then the files have a column {@link OVERFLOW_KEY}. */
  get turnedAway(): TurnedAway | undefined {
    return this.#turnedAway ?? this.#scope.overflow?.turnedAway;
  }

  shape(): ShapeNode {
    return shapeOf(this.root);
  }

  toJson(): JsonObject {
    const { turnedAway, maxColumns } = this;
    return {
      ...nodeToJson(this.root),
      ...(Number.isFinite(maxColumns) ? { max: maxColumns } : {}),
      ...(turnedAway === undefined ? {} : { over: { names: [...turnedAway.names], by: turnedAway.by } }),
    };
  }

  static fromJson(json: JsonObject): StagedLayout {
    // What was staged before there was a limit is merged without one.
    const maxColumns = typeof json['max'] === 'number' ? json['max'] : Infinity;
    const over = asObject(json['over']);
    const names = asArray(over['names']).filter((name) => typeof name === 'string');
    const turnedAway = typeof over['by'] === 'string' ? { names, by: over['by'] } : undefined;
    return new StagedLayout(undefined, { root: nodeFromJson(json), maxColumns, turnedAway });
  }
}

function encodeFields(node: LayoutNode, tree: JsonObject, into: JsonObject, scope: Scope, by: string): void {
  const fields = (node.fields ??= new Map<string, LayoutNode>());
  for (const key of Object.keys(tree)) {
    const value = tree[key];
    if (value === null || value === undefined) continue;
    const child = fields.get(key);
    if (child === undefined) encodeFirst(node, fields, key, value, into, scope, by);
    else encodeValue(child, value, into, scope, by);
  }
}

/** A path that has no node yet. It gets one only when something below gets a key: refused paths leave nothing behind. */
function encodeFirst(
  { place: above }: LayoutNode,
  fields: Map<string, LayoutNode>,
  key: string,
  value: JsonValue,
  into: JsonObject,
  scope: Scope,
  by: string,
): void {
  const place = above?.below(key);
  if (place?.mayHold === false) {
    place.turnAway(value);
    return;
  }
  const child: LayoutNode = place === undefined ? {} : { place };
  fields.set(key, child);
  encodeValue(child, value, into, scope, by);
  if (isEmpty(child)) fields.delete(key);
}

function isEmpty({ scalar, list, fields }: LayoutNode): boolean {
  return scalar === undefined && list === undefined && (fields === undefined || fields.size === 0);
}

function encodeValue(node: LayoutNode, value: JsonValue, into: JsonObject, scope: Scope, by: string): void {
  if (value === null) return;
  if (Array.isArray(value)) {
    const list = node.list ?? openList(node, scope, by);
    if (list === undefined) {
      node.place?.turnAway(value);
      return;
    }
    node.list = list;
    into[list.key] = value.map((each, index) => encodeItem(list, each, index, by));
  } else if (typeof value === 'object') {
    encodeFields(node, value, into, scope, by);
  } else {
    if (node.scalar === undefined) {
      if (node.place?.takesText() === false) {
        node.place.turnAway(value);
        return;
      }
      node.scalar = scope.draw();
      node.scalarBy = by;
    }
    into[node.scalar] = textOf(value);
  }
}

/** @returns undefined when the table can't have the list */
function openList({ place }: LayoutNode, scope: Scope, by: string): LayoutList | undefined {
  if (place === undefined) return { key: scope.draw(), scope: new Scope('f'), item: {}, by };
  const item = place.takesList();
  return item === undefined ? undefined : { key: scope.draw(), scope: item.scope, item: { place: item }, by };
}

function encodeItem({ item, scope }: LayoutList, value: JsonValue, index: number, by: string): JsonValue {
  if (value === null) return null;
  scope.goTo(index);
  const struct: JsonObject = {};
  if (Array.isArray(value)) {
    encodeFields(item, { [INNER_LIST_FIELD]: value }, struct, scope, by);
  } else if (typeof value === 'object') {
    encodeFields(item, value, struct, scope, by);
  } else {
    if (item.scalar === undefined) {
      if (item.place?.takesText() === false) {
        item.place.turnAway(value);
        return null;
      }
      item.scalar = ITEM_TEXT_KEY;
      item.scalarBy = by;
    }
    struct[ITEM_TEXT_KEY] = textOf(value);
  }
  // An object without a value is no item: a null among texts, it must not become a struct where structs came with it.
  return Object.keys(struct).length === 0 ? null : struct;
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
    node.list = { key: list['k'], scope: new Scope('f'), item, ...by };
  }
  return node;
}

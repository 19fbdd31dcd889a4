import type { JsonObject, JsonValue } from '../types.js';

/**
 * The shape of a path (design section 7): what kinds of value were ever seen there.
 *
 *   scalar   a text; a column of STRING
 *   fields   an object; flattened, one column per path below it, side by side with the scalar
 *   item     a list; then it is nothing else: single values are wrapped, and the item's shape holds what they were
 *
 * Shapes only grow (`join` is a least upper bound), so the order of batches does not matter. Maps, not objects: a
 * key may be `__proto__`.
 */
export interface ShapeNode {
  readonly scalar: boolean;
  readonly fields: ReadonlyMap<string, ShapeNode>;
  readonly item?: ShapeNode;
}

export const EMPTY_SHAPE: ShapeNode = { scalar: false, fields: new Map() };

/** The field that holds a plain text standing in a list among objects; HQ's own key for text beside attributes. */
export const TEXT_FIELD = '#text';

/** Least upper bound of two shapes of one path. */
export function join(a: ShapeNode, b: ShapeNode): ShapeNode {
  const isList = a.item !== undefined || b.item !== undefined;
  if (isList) return { ...EMPTY_SHAPE, item: asItem(join(itemOf(a), itemOf(b))) };
  const fields = new Map(a.fields);
  for (const [key, node] of b.fields) fields.set(key, join(fields.get(key) ?? EMPTY_SHAPE, node));
  return { scalar: a.scalar || b.scalar, fields };
}

/** The shape without the columns at these paths; what stands below a text's path stays. */
export function without(node: ShapeNode, paths: readonly (readonly (string | null)[])[]): ShapeNode {
  if (paths.length === 0) return node;
  const fields = new Map<string, ShapeNode>();
  for (const [key, child] of node.fields) {
    const below = paths.filter((path) => path[0] === key).map((path) => path.slice(1));
    const isDropped = below.some((path) => path.length === 0);
    const rest = without(
      child,
      below.filter((path) => path.length > 0),
    );
    const kept = isDropped ? { scalar: false, fields: rest.fields } : rest;
    if (kept.scalar || kept.fields.size > 0 || kept.item !== undefined) fields.set(key, kept);
  }
  return { ...node, fields };
}

/** What a value of this shape is once it stands in a list: a list's own item, anything else wrapped. */
function itemOf(node: ShapeNode): ShapeNode {
  return node.item ?? node;
}

/** An item is either texts only or structs only: among structs a text is the field `#text`. */
function asItem(node: ShapeNode): ShapeNode {
  if (!node.scalar || node.fields.size === 0) return node;
  const text: ShapeNode = { ...EMPTY_SHAPE, scalar: true };
  const fields = new Map(node.fields);
  fields.set(TEXT_FIELD, join(fields.get(TEXT_FIELD) ?? EMPTY_SHAPE, text));
  return { scalar: false, fields };
}

/** As kept in the ledger: `{"s":1,"f":[["key",…]],"i":…}`. */
export function shapeToJson(node: ShapeNode): JsonObject {
  const json: JsonObject = {};
  if (node.scalar) json['s'] = 1;
  if (node.fields.size > 0) json['f'] = [...node.fields].map(([key, child]) => [key, shapeToJson(child)]);
  if (node.item !== undefined) json['i'] = shapeToJson(node.item);
  return json;
}

export function shapeFromJson(json: JsonObject): ShapeNode {
  const fields = new Map<string, ShapeNode>();
  for (const entry of asArray(json['f'])) {
    const [key, child] = asArray(entry);
    if (typeof key === 'string') fields.set(key, shapeFromJson(asObject(child)));
  }
  const item = json['i'];
  return {
    scalar: json['s'] === 1,
    fields,
    ...(item === undefined ? {} : { item: shapeFromJson(asObject(item)) }),
  };
}

export function asArray(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

export function asObject(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

import { declarationKey } from '../config/declared-type.js';
import type { DeclaredTypes } from '../config/table-config.js';
import type { MadeColumns } from './made-columns.js';
import { EMPTY_SHAPE, TEXT_FIELD, type ShapeNode } from './shape.js';

/**
 * How many columns the free part has (decision 0028): one per text, per list of texts, and per field of a list's structs.
 * A promotion to a list never makes it more.
 */
export function columnCount(node: ShapeNode): number {
  if (node.item !== undefined) return Math.max(1, columnCount(node.item));
  let count = node.scalar ? 1 : 0;
  for (const child of node.fields.values()) count += columnCount(child);
  return count;
}

/** Whether a text that stands at the path has a place in the shape. */
export function holdsText(node: ShapeNode | undefined): boolean {
  if (node === undefined) return false;
  return node.item === undefined ? node.scalar : holdsItemText(node.item);
}

/** Whether a plain text in a list has one: a list without structs is one of texts. */
export function holdsItemText(item: ShapeNode): boolean {
  return item.fields.size === 0 || item.scalar || holdsText(item.fields.get(TEXT_FIELD));
}

/** The shape at a key below, where an object may stand for the one item of a list. */
export function shapeBelow(node: ShapeNode | undefined, key: string): ShapeNode | undefined {
  return (node?.item ?? node)?.fields.get(key);
}

/** Names that lake.yaml gives a meaning: their paths become columns whatever the limit is. */
export class ReservedColumns {
  readonly #keys: ReadonlySet<string>;
  /** Every beginning of a key that ends before a `__`: what a path above may be called. */
  readonly #above = new Set<string>();

  constructor(declared: DeclaredTypes, { rename, derive }: MadeColumns) {
    const read = derive.flatMap(({ reads }) => reads.map(declarationKey));
    this.#keys = new Set([...declared.keys(), ...rename.keys(), ...read]);
    for (const key of this.#keys)
      for (let at = key.indexOf('__'); at >= 0; at = key.indexOf('__', at + 1))
        this.#above.add(key.slice(0, at));
  }

  /** @param key {@link declarationKey} of the column */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Whether the column itself is reserved, or one below it. */
  hasBelow(key: string): boolean {
    return this.#keys.has(key) || this.#above.has(key);
  }
}

export const NOTHING_RESERVED = new ReservedColumns(new Map(), { rename: new Map(), derive: [] });

/** Room for further columns; that of a list has its first field paid for by the list. */
export class Room {
  #free: number;
  readonly #above: Room | undefined;

  constructor(free: number, above?: Room) {
    this.#free = Math.max(0, free);
    this.#above = above;
  }

  get isLeft(): boolean {
    return this.#free > 0 || this.#above?.isLeft === true;
  }

  /** @returns false when there is none left */
  take(): boolean {
    if (this.#free === 0) return this.#above?.take() ?? false;
    this.#free--;
    return true;
  }
}

/** What a limit is held against. */
export interface Limit {
  /** Columns the free part may have. */
  readonly columns: number;
  readonly reserved: ReservedColumns;
  /** What {@link declarationKey} calls a path: its names, without the lists on the way. */
  keyOf(names: readonly string[]): string;
}

/**
 * The part of a grown shape that a table may have: all it had, all that is reserved, then what comes first.
 * @param grown least upper bound of `had` and what a batch brings
 */
export function withinLimit(grown: ShapeNode, had: ShapeNode, limit: Limit): ShapeNode {
  if (columnCount(grown) <= limit.columns) return grown;
  const least = cut(grown, had, new Room(0), limit) ?? EMPTY_SHAPE;
  return cut(grown, least, new Room(limit.columns - columnCount(least)), limit) ?? EMPTY_SHAPE;
}

function cut(
  grown: ShapeNode,
  had: ShapeNode | undefined,
  room: Room,
  limit: Limit,
  names: readonly string[] = [],
): ShapeNode | undefined {
  const { item } = grown;
  if (item === undefined) {
    const scalar = grown.scalar && (had?.scalar === true || isReserved(limit, names) || room.take());
    const fields = cutFields(grown, had, room, limit, names);
    return scalar || fields.size > 0 ? { scalar, fields } : undefined;
  }
  const isHad = had !== undefined && columnCount(had) > 0;
  const isWanted = names.length > 0 && limit.reserved.hasBelow(limit.keyOf(names));
  if (!isHad && !isWanted && !room.take()) return undefined;
  const first = isHad || isWanted ? 0 : 1;
  return { ...EMPTY_SHAPE, item: cutItem(item, had?.item ?? had, new Room(first, room), limit, names) };
}

/** @param item of texts only, or of structs only: what {@link join} makes of items */
function cutItem(
  item: ShapeNode,
  had: ShapeNode | undefined,
  room: Room,
  limit: Limit,
  names: readonly string[],
): ShapeNode {
  if (item.fields.size === 0) return item;
  // A text that stood alone, or in a list of texts, is the field `#text` among structs.
  const isText = had !== undefined && (had.scalar || (had.fields.size === 0 && item.fields.has(TEXT_FIELD)));
  const text: ShapeNode = { ...EMPTY_SHAPE, scalar: true };
  const hadFields = new Map(had?.fields);
  if (isText && !hadFields.has(TEXT_FIELD)) hadFields.set(TEXT_FIELD, text);
  const fields = cutFields(item, { scalar: false, fields: hadFields }, room, limit, names);
  if (fields.size > 0) return { scalar: false, fields };
  return holdsText(item.fields.get(TEXT_FIELD)) ? text : EMPTY_SHAPE;
}

function cutFields(
  grown: ShapeNode,
  had: ShapeNode | undefined,
  room: Room,
  limit: Limit,
  names: readonly string[],
): Map<string, ShapeNode> {
  const fields = new Map<string, ShapeNode>();
  for (const [key, child] of grown.fields) {
    const kept = cut(child, had?.fields.get(key), room, limit, [...names, key]);
    if (kept !== undefined) fields.set(key, kept);
  }
  return fields;
}

function isReserved(limit: Limit, names: readonly string[]): boolean {
  if (limit.reserved.has(limit.keyOf(names))) return true;
  // A plain text among structs is what the declaration of the list itself means.
  return names.at(-1) === TEXT_FIELD && limit.reserved.has(limit.keyOf(names.slice(0, -1)));
}

import { declarationKey } from '../config/declared-type.js';
import type { JsonValue } from '../types.js';
import {
  columnCount,
  holdsItemText,
  holdsText,
  Room,
  shapeBelow,
  type ReservedColumns,
} from './column-limit.js';
import { encodeColumnName } from './columns.js';
import { bounded, keyBelow, keyOfItemAt, Overflow } from './overflow.js';
import type { ShapeNode } from './shape.js';

/** What a table may have, as it is known when a batch of it is staged. */
export interface LayoutLimit {
  readonly columns: number;
  readonly reserved: ReservedColumns;
  /** What the table has by the ledger, and what models of aggregations read. */
  readonly known: ShapeNode;
  /** `form`, `case_json` or `metadata`. */
  readonly prefix: string;
}

/** Where staged keys are drawn: the table, or the struct of a list. Under a limit it knows which item is being encoded. */
export class Scope {
  readonly overflow: Overflow | undefined;
  readonly #prefix: string;
  /** The list whose items these are. */
  readonly #list: Place | undefined;
  #next = 0;
  #index = 0;
  #itemKey: string | undefined;

  constructor(prefix: string, list?: Place, overflow?: Overflow) {
    this.#prefix = prefix;
    this.#list = list;
    this.overflow = overflow;
  }

  draw(): string {
    return `${this.#prefix}${this.#next++}`;
  }

  goTo(index: number): void {
    this.#index = index;
    this.#itemKey = undefined;
  }

  /** Key in `_overflow` of the present item; '' for the table. */
  get itemKey(): string {
    if (this.#list === undefined) return '';
    return (this.#itemKey ??= keyOfItemAt(this.#list.key, this.#index));
  }
}

/** Places of one layout have these in common. */
interface Means {
  readonly reserved: ReservedColumns;
  readonly overflow: Overflow;
}

/** What the limit says of one path. */
export class Place {
  readonly scope: Scope;
  readonly #means: Means;
  readonly #room: Room;
  /** Key in `_overflow`, within the scope. */
  readonly #part: string;
  /** As lake.yaml names it: {@link declarationKey}. */
  readonly #name: string;
  readonly #known: ShapeNode | undefined;
  readonly #isItem: boolean;

  constructor(
    means: Means,
    scope: Scope,
    room: Room,
    at: { part: string; name: string; known: ShapeNode | undefined; isItem: boolean },
  ) {
    this.#means = means;
    this.scope = scope;
    this.#room = room;
    this.#part = at.part;
    this.#name = at.name;
    this.#known = at.known;
    this.#isItem = at.isItem;
  }

  get key(): string {
    return bounded(`${this.scope.itemKey}${this.#part}`);
  }

  below(name: string): Place {
    return new Place(this.#means, this.scope, this.#room, {
      part: keyBelow(this.#part, name, this.#isItem ? '.' : '__'),
      name: `${this.#name}__${declarationKey(encodeColumnName(name))}`,
      known: shapeBelow(this.#known, name),
      isItem: false,
    });
  }

  /** Whether anything at the path or below it can have a column. */
  get mayHold(): boolean {
    return this.#known !== undefined || this.#room.isLeft || this.#means.reserved.hasBelow(this.#name);
  }

  /** Whether a text may have a key of its own here; takes the room for it. */
  takesText(): boolean {
    const isKnown =
      this.#known !== undefined && (this.#isItem ? holdsItemText(this.#known) : holdsText(this.#known));
    return isKnown || this.#means.reserved.has(this.#name) || this.#room.take();
  }

  /** The place of the items when a list may stand here; takes the room for it. A list's first field is paid for with it. */
  takesList(): Place | undefined {
    const known = this.#known;
    const isHad = known !== undefined && columnCount(known) > 0;
    const isFree = isHad || this.#means.reserved.hasBelow(this.#name);
    if (!isFree && !this.#room.take()) return undefined;
    const room = new Room(isFree ? 0 : 1, this.#room);
    return new Place(this.#means, new Scope('f', this, undefined), room, {
      part: '',
      name: this.#name,
      known: known?.item ?? known,
      isItem: true,
    });
  }

  turnAway(value: JsonValue): void {
    this.#means.overflow.addValue(this.key, value);
  }
}

/** The place of a table's free part. */
export function limitedRoot(keys: string, { columns, reserved, known, prefix }: LayoutLimit): Place {
  const overflow = new Overflow();
  const room = new Room(columns - columnCount(known));
  return new Place({ reserved, overflow }, new Scope(keys, undefined, overflow), room, {
    part: prefix,
    name: prefix,
    known,
    isItem: false,
  });
}

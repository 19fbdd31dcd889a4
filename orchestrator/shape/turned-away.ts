import type { LayoutNode } from './layout.js';
import { holdsItemText, holdsText, shapeBelow } from './column-limit.js';
import { keyBelow, NAMES_TOLD, pathOfKey, type Joiner, type TurnedAway } from './overflow.js';
import type { ShapeNode } from './shape.js';

/**
 * A staged key that the table has no column for: another batch took the room after this one was staged, or the table lost
 * columns. Its texts go to `_overflow` as well, in the lane's SELECT.
 */
export interface HomelessKey {
  /** Staged key, in the file or in the struct of the list above. */
  readonly staged: string;
  /** Key in `_overflow`, within the table or the item of the list above. */
  readonly part: string;
  /** Of a list: what in its items is homeless. Undefined: a text. */
  readonly items?: readonly HomelessKey[];
  /** Of a list: it has no column at all. */
  readonly isWhole?: boolean;
  readonly by: string;
}

/**
 * @param kept the shape the table will have
 * @param prefix `form`, `case_json` or `metadata`
 */
export function homelessKeys(root: LayoutNode, kept: ShapeNode, prefix: string): HomelessKey[] {
  return homelessIn(root, kept, prefix, '__', false);
}

function homelessIn(
  node: LayoutNode,
  kept: ShapeNode | undefined,
  part: string,
  joiner: Joiner,
  isItem: boolean,
): HomelessKey[] {
  const found: HomelessKey[] = [];
  const hasPlace = kept !== undefined && (isItem ? holdsItemText(kept) : holdsText(kept));
  if (node.scalar !== undefined && !hasPlace)
    found.push({ staged: node.scalar, part, by: node.scalarBy ?? '' });
  if (node.list !== undefined) {
    const items = homelessIn(node.list.item, kept?.item, '', '.', true);
    const isWhole = kept?.item === undefined;
    if (items.length > 0) found.push({ staged: node.list.key, part, items, isWhole, by: items[0]?.by ?? '' });
  }
  for (const [name, child] of node.fields ?? [])
    found.push(...homelessIn(child, shapeBelow(kept, name), keyBelow(part, name, joiner), '__', false));
  return found;
}

/** What a lane turns away in all: in staging, and in its SELECT. */
export function turnedAwayBy(
  staged: TurnedAway | undefined,
  homeless: readonly HomelessKey[],
): TurnedAway | undefined {
  const [first] = homeless;
  if (first === undefined) return staged;
  const names = new Set([...(staged?.names ?? []), ...homeless.flatMap((key) => pathsOf(key, ''))]);
  return { names: [...names].slice(0, NAMES_TOLD), by: staged?.by ?? first.by };
}

function pathsOf({ part, items }: HomelessKey, above: string): string[] {
  if (items === undefined) return [pathOfKey(`${above}${part}`)];
  return items.flatMap((key) => pathsOf(key, `${above}${part}[0]`));
}

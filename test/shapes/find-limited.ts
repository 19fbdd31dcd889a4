import { cellOf, type Cell, type Pair, type Row } from './find-again.js';
import type { Path } from './column-rules.js';
import type { Field } from './table-schema.js';
import { textOf, type Tree, type Value } from './tree.js';

/**
 * A table that may not have as many columns as its documents have paths: every text is in a column or in `_overflow`,
 * never in both, and nothing else is in either. Which paths have columns depends on what came first, so nothing is said
 * of that but their number.
 */
export interface Limited {
  readonly fields: readonly Field[];
  /** `case_json` or `form`. */
  readonly prefix: string;
  /** Which column is whose, by the path's JSON, as the ledger has it. */
  readonly names: Readonly<Record<string, string>>;
  readonly limit: number;
}

/** A text and where it stands: names, and numbers for the items of lists. */
export interface Leaf {
  readonly place: readonly (string | number)[];
  readonly text: string;
}

/** What is wrong, in words; nothing when all is right. */
export function findLimited(table: Limited, pairs: readonly Pair[]): readonly string[] {
  const own = table.fields.filter(({ name }) => name.startsWith(`${table.prefix}__`));
  const columns = own.reduce((sum, field) => sum + columnsOf(field.type), 0);
  const tooMany = columns > table.limit ? [`${columns} columns, not ${table.limit}`] : [];
  return [...tooMany, ...pairs.flatMap((pair) => inRow(table, pair))];
}

/** A field of a list's structs counts like a column. */
function columnsOf(type: Field['type']): number {
  if (typeof type === 'string' || type.type !== 'array') return 1;
  const { elementType } = type;
  if (typeof elementType === 'string' || elementType.type !== 'struct') return 1;
  return elementType.fields.reduce((sum, field) => sum + columnsOf(field.type), 0);
}

function inRow(table: Limited, { tree, row, where }: Pair): string[] {
  const problems: string[] = [];
  const left = new Map(textsOf(tree).map((leaf) => [keyOf(table.prefix, leaf.place), leaf]));
  for (const [key, text] of overflowOf(row)) {
    const found = keyIn(left, key, text);
    if (found !== undefined) left.delete(found);
    else
      problems.push(
        `${where}: _overflow has ${JSON.stringify([key, text])}, the document ${left.get(key)?.text ?? 'nothing'}`,
      );
  }
  const wanted = [...left.values()].map(comparable).sort();
  const held = heldBy(table, row).map(comparable).sort();
  if (wanted.join('\n') !== held.join('\n'))
    problems.push(
      `${where}: ${difference(wanted, held)} should be in columns; ${difference(held, wanted)} is`,
    );
  return problems;
}

/** Keys beyond this are cut and marked with a hash, of which nothing is said but that it is their own. */
const LONGEST = 300;

/** The key of the text in the document. */
export function keyIn(leaves: ReadonlyMap<string, Leaf>, key: string, text: Cell): string | undefined {
  if (leaves.get(key)?.text === text) return key;
  if (!/~~[0-9a-f]{64}/.test(key)) return undefined;
  return [...leaves].find(([own, leaf]) => own.length > LONGEST && leaf.text === text)?.[0];
}

function difference(some: readonly string[], others: readonly string[]): string {
  const known = new Set(others);
  return (
    some
      .filter((each) => !known.has(each))
      .join(', ')
      .slice(0, 500) || 'nothing'
  );
}

/** A single value may stand as the one item of a list, a text there as the field `#text`: both are the same place. */
export function comparable({ place, text }: Leaf): string {
  return JSON.stringify([place.filter((key) => key !== 0 && key !== '#text'), text]);
}

export function textsOf(tree: Tree): Leaf[] {
  const leaves: Leaf[] = [];
  const see = (value: Value, place: readonly (string | number)[]): void => {
    const text = textOf(value);
    if (text !== undefined) leaves.push({ place, text });
    else if (Array.isArray(value))
      value.forEach((each, index) => {
        see(each, Array.isArray(each) ? [...place, index, '#list'] : [...place, index]);
      });
    else if (value instanceof Map) for (const [key, child] of value) see(child, [...place, key]);
  };
  see(tree, []);
  return leaves;
}

/** The documented key: names joined as columns' are, positions in brackets, a dot before a field of an item. */
export function keyOf(prefix: string, place: readonly (string | number)[]): string {
  let key = prefix;
  place.forEach((part, at) => {
    if (typeof part === 'number') key += `[${part}]`;
    else key += (typeof place[at - 1] === 'number' ? '.' : '__') + partOf(part);
  });
  return key;
}

function partOf(name: string): string {
  let part = '';
  let before = '_';
  for (const letter of name) {
    const isJoining = letter === '_' && before === '_';
    before = letter;
    part += isJoining || /[\0\t\n ,;{}()=~[]|\p{Cs}/u.test(letter) ? `~${hex(letter)}` : letter;
  }
  return part;
}

function hex(letter: string): string {
  return letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

/** A map comes as pairs or as an object, as the other engine likes. */
function overflowOf(row: Row): [key: string, text: Cell][] {
  const cell = cellOf(row, '_overflow');
  if (Array.isArray(cell))
    return (cell as readonly Cell[]).map((pair) => {
      const [key, text] = Array.isArray(pair) ? (pair as readonly Cell[]) : [];
      return [typeof key === 'string' ? key : '', text];
    });
  return Object.entries((cell ?? {}) as Row);
}

/** Every text in a column, with the place that the ledger says it has. */
function heldBy({ names, prefix }: Limited, row: Row): Leaf[] {
  const scopes = new Map<string, [name: string, path: Path][]>();
  for (const [json, name] of Object.entries(names)) {
    const path = JSON.parse(json) as Path;
    const scope = JSON.stringify(path.slice(0, path.lastIndexOf(null) + 1));
    scopes.set(scope, [...(scopes.get(scope) ?? []), [name, path]]);
  }
  const leaves: Leaf[] = [];
  const see = (cell: Cell, path: Path, place: Leaf['place']): void => {
    if (cell === null || cell === undefined) return;
    if (Array.isArray(cell)) {
      (cell as readonly Cell[]).forEach((item, index) => {
        see(item, [...path, null], [...place, index]);
      });
    } else if (typeof cell === 'object') {
      struct(cell as Row, path, place);
    } else leaves.push({ place, text: String(cell) });
  };
  const struct = (cells: Row, scope: Path, place: Leaf['place']): void => {
    for (const [name, path] of scopes.get(JSON.stringify(scope)) ?? [])
      see(cellOf(cells, name), path, [...place, ...path.slice(scope.length).map(String)]);
  };
  struct(Object.fromEntries(Object.entries(row).filter(([name]) => name.startsWith(`${prefix}__`))), [], []);
  return leaves;
}

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
  return differencesOf(table.prefix, tree, overflowOf(row), heldBy(table, row)).map(
    (each) => `${where}: ${each}`,
  );
}

/** Keys beyond this are cut and marked with a hash, of which nothing is said but that it is their own. */
const LONGEST = 300;
const MARKED = /~~[0-9a-f]{64}/;

/**
 * What is not in one place exactly.
 * @param over entries of `_overflow`
 * @param held texts in columns
 */
export function differencesOf(
  prefix: string,
  tree: Tree,
  over: readonly (readonly [key: string, text: Cell])[],
  held: readonly Leaf[],
): string[] {
  const problems: string[] = [];
  const left = new Map(textsOf(tree).map((leaf) => [keyOf(prefix, leaf.place), leaf]));
  const marked: Cell[] = [];
  for (const [key, text] of over) {
    const leaf = left.get(key);
    if (MARKED.test(key)) marked.push(text);
    else if (leaf?.text === text) left.delete(key);
    else
      problems.push(`_overflow has ${JSON.stringify([key, text])}, the document ${leaf?.text ?? 'nothing'}`);
  }
  if (new Set(over.map(([key]) => key)).size < over.length) problems.push('_overflow has a key twice');
  const inColumns = held.map(comparable);
  for (const [key, leaf] of left) {
    const at = inColumns.indexOf(comparable(leaf));
    if (at >= 0) inColumns.splice(at, 1);
    else if (key.length > LONGEST && marked.includes(leaf.text)) marked.splice(marked.indexOf(leaf.text), 1);
    else problems.push(`${JSON.stringify(leaf).slice(0, 300)} is nowhere`);
  }
  if (inColumns.length > 0) problems.push(`columns hold ${inColumns.join(', ').slice(0, 500)} besides`);
  if (marked.length > 0) problems.push(`_overflow holds ${JSON.stringify(marked).slice(0, 500)} besides`);
  return problems;
}

/** A single value may stand as the one item of a list, a text there as the field `#text`: both are the same place. */
function comparable({ place, text }: Leaf): string {
  return JSON.stringify([place.filter((key) => key !== 0 && key !== '#text'), text]);
}

function textsOf(tree: Tree): Leaf[] {
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
function keyOf(prefix: string, place: readonly (string | number)[]): string {
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

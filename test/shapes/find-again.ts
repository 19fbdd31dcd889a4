import { spellingsOf, type Path } from './column-rules.js';
import {
  fieldsOfItem,
  isListOfTexts,
  itemsOf,
  leavesOf,
  textAt,
  valueAt,
  type Leaf,
  type Seen,
} from './shape-rules.js';
import type { Field, FieldType } from './table-schema.js';
import { jsonOf, textOf, type Tree, type Value } from './tree.js';

/** A cell, a list's item or a struct as the other engine gives it. */
export type Cell =
  string | number | boolean | null | undefined | readonly Cell[] | { readonly [name: string]: Cell };
export type Row = Readonly<Record<string, Cell>>;

/** An object of a document, and the row or struct that must hold it. */
export interface Pair {
  readonly tree: Tree;
  readonly row: Row;
  /** For people: which record, and where in it. */
  readonly where: string;
}

/** Where fields are named: the table, or the struct of a list. */
interface Scope {
  readonly fields: readonly Field[];
  /** `case_json` or `form`; none in a struct. */
  readonly prefix: readonly string[];
  readonly path: Path;
}

/** What was found: which column is whose, by the path's JSON; and what is wrong, the first few of each column. */
export interface Found {
  readonly columns: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

const PROBLEMS_TOLD = 3;

/** A field may be called `constructor`, which every object has. */
export function cellOf(row: Row, name: string): Cell {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

/**
 * Looks for every value of every document where the documented rules say that it stands, and for anything that stands
 * there without being in a document. Each path must have one column of its own for all rows.
 * @param seen the shape that follows from all documents the table has ever held
 */
export function findAgain(
  seen: Seen,
  fields: readonly Field[],
  prefix: string,
  pairs: readonly Pair[],
): Found {
  const own = fields.filter((field) => field.name.startsWith(`${prefix}__`));
  return inScope(leavesOf(seen), { fields: own, prefix: [prefix], path: [] }, pairs);
}

interface Choice {
  readonly field: Field;
  readonly found: Found;
}

function inScope(leaves: readonly Leaf[], scope: Scope, pairs: readonly Pair[]): Found {
  const problems: string[] = [];
  const choices = leaves.map((leaf) => {
    const path = [...scope.path, ...leaf.keys];
    const names = spellingsOf([...scope.prefix, ...leaf.keys].join('__'), path);
    const possible = scope.fields.filter((field) => names.has(field.name));
    const tried = possible.map((field): Choice => ({ field, found: inColumn(leaf, path, field, pairs) }));
    const right = tried.filter(({ found }) => found.problems.length === 0);
    if (right.length === 0) {
      problems.push(
        ...(tried[0]?.found.problems ?? [
          `no column has a name for ${JSON.stringify(path)}, of the table's ${told(scope)}`,
        ]),
      );
    }
    return { path, right };
  });
  if (problems.length > 0) return { columns: new Map(), problems };
  const matched = match(choices.map(({ right }) => right));
  if (matched === undefined) {
    return { columns: new Map(), problems: [`two paths share a column of ${told(scope)}`] };
  }
  const columns = new Map(matched.flatMap(({ found }) => [...found.columns]));
  choices.forEach(({ path }, index) => {
    columns.set(JSON.stringify(path), matched[index]?.field.name ?? '');
  });
  const taken = new Set(matched.map(({ field }) => field.name));
  const left = scope.fields.filter((field) => !taken.has(field.name));
  return { columns, problems: left.map(({ name }) => `the column ${JSON.stringify(name)} is of no path`) };
}

function told(scope: Scope): string {
  return JSON.stringify(scope.fields.map(({ name }) => name)).slice(0, 500);
}

/** A column for each path, none given twice. Mostly there is one choice only. */
function match(choices: readonly (readonly Choice[])[]): Choice[] | undefined {
  const order = choices
    .map((_, index) => index)
    .sort((a, b) => (choices[a]?.length ?? 0) - (choices[b]?.length ?? 0));
  const given: Choice[] = [];
  const taken = new Set<string>();
  const give = (at: number): boolean => {
    const index = order[at];
    if (index === undefined) return true;
    for (const choice of choices[index] ?? []) {
      if (taken.has(choice.field.name)) continue;
      taken.add(choice.field.name);
      given[index] = choice;
      if (give(at + 1)) return true;
      taken.delete(choice.field.name);
    }
    return false;
  };
  return give(0) ? given : undefined;
}

/** Whether the column holds, in every row, what the documents have at the leaf. */
function inColumn(leaf: Leaf, path: Path, field: Field, pairs: readonly Pair[]): Found {
  if (leaf.item !== undefined) return inList(leaf, leaf.item, path, field, pairs);
  const problems: string[] = [];
  if (typeof field.type !== 'string') return wrongType(field, 'a text');
  for (const { tree, row, where } of pairs) {
    const wanted = textAt(tree, leaf.keys);
    if (!holdsText(field.type, cellOf(row, field.name), wanted))
      problems.push(differs(where, path, wanted, cellOf(row, field.name)));
    if (problems.length === PROBLEMS_TOLD) break;
  }
  return { columns: new Map(), problems };
}

function inList(leaf: Leaf, item: Seen, path: Path, field: Field, pairs: readonly Pair[]): Found {
  const { type } = field;
  if (typeof type === 'string' || type.type !== 'array') return wrongType(field, 'a list');
  const problems: string[] = [];
  const structs: Pair[] = [];
  for (const { tree, row, where } of pairs) {
    const value = valueAt(tree, leaf.keys);
    const wanted = itemsOf(value);
    const cell = cellOf(row, field.name) ?? undefined;
    if (wanted === undefined && cell === undefined) continue;
    if (wanted === undefined || !isList(cell) || cell.length !== wanted.length) {
      problems.push(differs(where, path, value, cell));
    } else if (isListOfTexts(item)) {
      wanted.forEach((each, index) => {
        if (!holdsText(type.elementType, cell[index], textOf(each)))
          problems.push(differs(`${where}[${index}]`, path, each, cell[index]));
      });
    } else {
      wanted.forEach((each, index) => {
        // Whatever came with it in one batch: an item that holds nothing is null, not a struct of nulls.
        if (fieldsOfItem(each) === undefined && (cell[index] ?? null) !== null)
          problems.push(differs(`${where}[${index}]`, path, each, cell[index]));
        structs.push({
          tree: fieldsOfItem(each) ?? new Map<string, Value>(),
          row: asRow(cell[index]),
          where: `${where}[${index}]`,
        });
      });
    }
    if (problems.length >= PROBLEMS_TOLD) break;
  }
  if (problems.length > 0 || isListOfTexts(item)) {
    const isRight = !isListOfTexts(item) || typeof type.elementType === 'string';
    return isRight ? { columns: new Map(), problems } : wrongType(field, 'a list of texts');
  }
  if (typeof type.elementType === 'string' || type.elementType.type !== 'struct')
    return wrongType(field, 'a list of structs');
  const scope = { fields: type.elementType.fields, prefix: [], path: [...path, null] };
  return inScope(leavesOf(item), scope, structs);
}

/**
 * The one place that knows how a text stands in a column of a type. A declared type would be read here by its
 * documented cast, and a text that does not fit it looked for in `_rescued`.
 */
function holdsText(type: FieldType, cell: Cell, text: string | undefined): boolean {
  return type === 'string' && (cell ?? undefined) === text;
}

function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

function asRow(cell: Cell): Row {
  return typeof cell === 'object' && cell !== null && !isList(cell) ? cell : {};
}

function wrongType(field: Field, wanted: string): Found {
  const told = `${JSON.stringify(field.name)} should be ${wanted}, not ${JSON.stringify(field.type).slice(0, 300)}`;
  return { columns: new Map(), problems: [told] };
}

function differs(where: string, path: Path, wanted: Value | undefined, cell: Cell): string {
  const [document, lake] = [wanted === undefined ? 'nothing' : jsonOf(wanted), JSON.stringify(cell ?? null)];
  return `${where} at ${JSON.stringify(path)}: ${document.slice(0, 300)} should be there, but ${lake.slice(0, 300)} is`;
}

import { declarationKey, type ScalarType } from '../config/declared-type.js';
import type { DerivedColumn, Renames } from '../config/made-columns.js';
import type { DeclaredTypes } from '../config/table-config.js';
import type { JsonObject } from '../types.js';
import type { ShapedColumn, ShapedType } from './columns.js';
import { foldCase } from './fold-case.js';
import { asArray } from './shape.js';

/** The columns of lake.yaml's own making: `rename` and `derive` of a table. */
export interface MadeColumns {
  readonly rename: Renames;
  readonly derive: readonly DerivedColumn[];
}

export const NOTHING_MADE: MadeColumns = { rename: new Map(), derive: [] };

/** What a lane makes of them. */
export interface MadeTarget {
  readonly derived: readonly DerivedColumn[];
  /** Renamed, or derived otherwise than before: every row is written anew. */
  readonly isRemade: boolean;
  /** Derived columns that are no more. */
  readonly gone: readonly string[];
  /** Columns that an expression reads and no record ever had: null for all rows. */
  readonly unseen: readonly { readonly name: string; readonly type: ShapedType }[];
  /** As kept in the ledger once the lane has merged. */
  readonly made: JsonObject;
}

/** Gives the table's columns the names that lake.yaml wants; everything else (types, masks) goes by the names before. */
export function renamed(columns: readonly ShapedColumn[], rename: Renames): ShapedColumn[] {
  return columns.map((column) => ({
    ...column,
    name: rename.get(declarationKey(column.name)) ?? column.name,
  }));
}

/** The renames and derived columns that a table has now, as the ledger keeps them. */
export function madeOf(json: JsonObject): {
  readonly rename: Renames;
  readonly derived: ReadonlyMap<string, string>;
} {
  const pairs = (key: string): [string, string][] =>
    asArray(json[key]).flatMap((pair) => {
      const [from, to] = asArray(pair);
      return typeof from === 'string' && typeof to === 'string' ? [[from, to]] : [];
    });
  return { rename: new Map(pairs('renamed')), derived: new Map(pairs('derived')) };
}

/** @param plain the table's columns after the lane, by the names before renaming */
export function madeTarget(
  known: JsonObject,
  plain: readonly ShapedColumn[],
  before: readonly ShapedColumn[],
  made: MadeColumns,
  declared: DeclaredTypes,
): MadeTarget {
  const now = madeOf(known);
  const derived = made.derive.map((each): [string, string] => [
    each.name,
    JSON.stringify([each.sql, each.type]),
  ]);
  // Only columns that are there are renamed; one that comes later gets its name as it comes.
  const was = new Map(renamed(before, now.rename).map(({ path, name }) => [JSON.stringify(path), name]));
  const isRenamed = renamed(plain, made.rename).some(({ path, name }) => {
    const old = was.get(JSON.stringify(path));
    return old !== undefined && old !== name;
  });
  const isDerivedAnew =
    derived.length !== now.derived.size || derived.some(([name, how]) => now.derived.get(name) !== how);
  const names = new Set(made.derive.map(({ name }) => foldCase(name)));
  return {
    derived: made.derive,
    isRemade: isRenamed || isDerivedAnew,
    gone: [...now.derived.keys()].filter((name) => !names.has(foldCase(name))),
    unseen: unseen(plain, made, declared),
    made: { renamed: [...made.rename], derived },
  };
}

function unseen(
  plain: readonly ShapedColumn[],
  { rename, derive }: MadeColumns,
  declared: DeclaredTypes,
): MadeTarget['unseen'] {
  const present = new Set(renamed(plain, rename).map(({ name }) => foldCase(name)));
  const originals = new Map([...rename].map(([key, name]) => [foldCase(name), key]));
  const missing = new Map<string, MadeTarget['unseen'][number]>();
  for (const name of derive.flatMap(({ reads }) => reads)) {
    const folded = foldCase(name);
    if (present.has(folded) || missing.has(folded)) continue;
    const original = originals.get(folded);
    if (original === undefined && !/^(form|case_json|metadata)__./i.test(name)) continue;
    missing.set(folded, { name, type: typeOf(declared.get(original ?? declarationKey(name))) });
  }
  return [...missing.values()];
}

function typeOf(type: { readonly list: boolean; readonly scalar: ScalarType } | undefined): ShapedType {
  const scalar = { kind: 'scalar', type: type?.scalar ?? 'string' } as const;
  return type?.list === true ? { kind: 'list', item: scalar } : scalar;
}

import { z } from 'zod';
import { FIXED_COLUMNS } from '../shape/fixed-columns.js';
import { foldCase } from '../shape/fold-case.js';
import { declarationKey, parseDeclaredType, type ScalarType } from './declared-type.js';
import { readExpression } from './expression.js';

/** `rename` of a table: new names by {@link declarationKey} of the column. */
export type Renames = ReadonlyMap<string, string>;

/** One of `derive`: a column that Spark works out of the others of its row. */
export interface DerivedColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: ScalarType;
  readonly reads: readonly string[];
}

const FREE_PART = /^(form|case_json|metadata)__/i;
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;
const TAKEN = new Set([
  ...Object.values(FIXED_COLUMNS).flatMap((columns) => columns.map(({ name }) => foldCase(name))),
  ...['month', 'indices', 'location_id'],
]);

const expression = z.string().superRefine((sql, context) => {
  const read = readExpression(sql);
  if (typeof read === 'string') context.addIssue(read);
});
const derivedSchema = z.strictObject({
  sql: expression,
  type: z
    .string()
    .refine(
      (word) => parseDeclaredType(word)?.list === false,
      'must be one of string, long, double, decimal(precision,scale), date, timestamp, boolean',
    ),
});

export const renameSchema = z.record(z.string(), z.string()).default({}).transform(readRenames);
export const deriveSchema = z.record(z.string(), derivedSchema).default({}).transform(readDerived);
export const DERIVED_KEYS = Object.keys(derivedSchema.shape);

/** Why a column can't be called so; undefined when it can. */
function nameFault(name: string): string | undefined {
  if (!NAME.test(name))
    return `"${name}" can't be a column's name: letters, digits and _, a letter first, up to 100`;
  if (FREE_PART.test(name)) return `"${name}" begins as HQ's own columns do`;
  return TAKEN.has(foldCase(name)) ? `"${name}" is a column of HQ's own` : undefined;
}

function readRenames(renames: Readonly<Record<string, string>>, context: z.RefinementCtx): Renames {
  const read = new Map<string, string>();
  const taken = new Set<string>();
  for (const [column, name] of Object.entries(renames)) {
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', path: [column], message });
    };
    const problem = nameFault(name);
    if (!FREE_PART.test(column) || column.includes('['))
      fault('can not be renamed: only whole columns that begin with form__, case_json__ or metadata__ can');
    else if (problem !== undefined) fault(problem);
    else if (taken.has(foldCase(name))) fault(`"${name}" is given twice`);
    taken.add(foldCase(name));
    read.set(declarationKey(column), name);
  }
  return read;
}

function readDerived(
  derived: Readonly<Record<string, z.infer<typeof derivedSchema>>>,
  context: z.RefinementCtx,
): readonly DerivedColumn[] {
  const taken = new Set<string>();
  return Object.entries(derived).flatMap(([name, { sql, type: word }]) => {
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    const problem = nameFault(name);
    if (problem !== undefined) fault(problem);
    if (taken.has(foldCase(name))) fault(`"${name}" is derived twice`);
    taken.add(foldCase(name));
    const [type, read] = [parseDeclaredType(word), readExpression(sql)];
    if (typeof read === 'string' || type === undefined) return [];
    return [{ name, sql: read.text, type: type.scalar, reads: read.reads }];
  });
}

/** Names that a table's renamed and derived columns have in common, or share with `others`. */
export function clashes(
  { rename, derive }: { readonly rename: Renames; readonly derive: readonly DerivedColumn[] },
  others: Iterable<string>,
): { readonly name: string; readonly path: readonly string[] }[] {
  const taken = new Set([...others].map(foldCase));
  const found: { name: string; path: readonly string[] }[] = [];
  for (const [key, name] of rename) {
    if (taken.has(foldCase(name))) found.push({ name, path: ['rename', key] });
    taken.add(foldCase(name));
  }
  for (const { name } of derive) if (taken.has(foldCase(name))) found.push({ name, path: ['derive', name] });
  return found;
}

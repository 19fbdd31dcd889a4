import { stringify } from 'yaml';
import { pick, seeded } from '../helpers/seeded.js';
import type { DrawnTable } from './draw.js';
import { typeOf, type Variant } from './submit.js';

const TYPES = [
  'long',
  'double',
  'decimal(5,2)',
  'date',
  'timestamp',
  'boolean',
  'string',
  'list',
  'list<long>',
  'list<date>',
];
/** How many of the columns that a table may get have a declaration. */
const SHARE_DECLARED = 0.5;
/** Levels of keys that declarations name; below them everything is a text. */
const LEVELS = 3;

/** A `lake.yaml` that takes every type and form, and declares types of columns that the tables may have. */
export function typedConfig(domain: string, tables: readonly DrawnTable[], seed: number): string {
  const random = seeded(seed);
  const declared = tables.flatMap((table) => {
    const keys = [...new Set(table.documents.flatMap(({ tree }) => [...tree.keys()]))].filter(isPlain).sort();
    const prefix = table.kind === 'case' ? 'case_json' : 'form';
    const columns = namesBelow(prefix, keys, LEVELS).filter(() => random() < SHARE_DECLARED);
    const types = Object.fromEntries(columns.map((column) => [column, pick(random, TYPES)]));
    const variants: readonly Variant[] = table.once ? ['many', 'one'] : ['many'];
    // Declared alike, or what came in one batch could not be as what came in many.
    return variants.map((variant) => [tableName(table, variant), { types }] as const);
  });
  const config = { cases: { '*': {} }, forms: { '*': {} }, tables: Object.fromEntries(declared) };
  return stringify({ domains: { [domain]: config } });
}

/** Names that a person would write in lake.yaml; two that differ by case only can't be declared both. */
function isPlain(key: string, at: number, keys: readonly string[]): boolean {
  const folded = key.toLowerCase();
  return /^[A-Za-z]\w*$/.test(key) && keys.findIndex((each) => each.toLowerCase() === folded) === at;
}

function namesBelow(above: string, keys: readonly string[], levels: number): string[] {
  if (levels === 0) return [];
  return keys.flatMap((key) => {
    const name = `${above}__${key}`;
    return [name, ...namesBelow(name, keys, levels - 1)];
  });
}

/** By the rule of table names for a type of this spelling: `t0-many` → `raw_t0_many_case`. */
function tableName(table: DrawnTable, variant: Variant): string {
  const tail = typeOf(table, variant).split('/').at(-1) ?? '';
  return `raw_${tail.replaceAll('-', '_')}_${table.kind}`;
}

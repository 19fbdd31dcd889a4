import { FIXED_COLUMNS, levelColumns } from '../shape/fixed-columns.js';
import { foldCase } from '../shape/fold-case.js';
import type { RecordKind } from '../types.js';
import { declarationKey } from './declared-type.js';
import { didYouMean } from './did-you-mean.js';
import type { Fault } from './lake-faults.js';
import type { DomainConfig, LakeConfig } from './lake.js';
import type { TableConfig } from './table-config.js';
import type { Condition } from './transforms.js';

/** What the ledger knows of a domain's tables: their columns, by the table's name in lower case. */
export type KnownTables = (domain: string) => ReadonlyMap<string, readonly string[]> | undefined;

/** What may be meant so but seldom is, in `tables`. @param known undefined when the ledger was not asked */
export function suspicionsOfTables(config: LakeConfig, known?: KnownTables): Fault[] {
  return Object.entries(config.domains).flatMap(([domain, own]) => {
    const tables = known?.(domain);
    return Object.entries(own.tables).flatMap(([table, settings]) => {
      const path = ['domains', domain, 'tables', table];
      const kind = kindOf(table);
      if (kind === undefined)
        return [say(path, 'key', 'no table is called so: names are raw_…_case, raw_…_form or raw_location')];
      const columns = tables?.get(table.toLowerCase());
      const unknown =
        tables !== undefined && tables.size > 0 && columns === undefined
          ? [say(path, 'key', `the lake has no such table yet${guess(table, tables.keys())}`)]
          : [];
      return [...unknown, ...suspicionsOfTable(path, kind, own, settings, columns)];
    });
  });
}

function suspicionsOfTable(
  path: readonly PropertyKey[],
  kind: RecordKind,
  domain: DomainConfig,
  settings: TableConfig,
  columns: readonly string[] | undefined,
): Fault[] {
  const own = ownColumns(kind, domain.location_levels);
  const masked = new Set<string>();
  const told = settings.transforms.flatMap((step, index) => {
    const at = [...path, 'transforms', index];
    const names = step.kind === 'mask' ? step.columns : step.kind === 'filter' ? columnsOf(step.keep) : [];
    return names.flatMap((name) => {
      const key = foldCase(declarationKey(name));
      if (step.kind === 'mask') masked.add(key);
      const what = suspicionOfColumn(name, key, kind, own, columns);
      const hashed = step.kind === 'mask' && step.with === 'hash' && isTyped(settings, key);
      return [
        ...(what === undefined ? [] : [say(at, 'value', what)]),
        ...(hashed ? [say(at, 'value', `"${name}" has a declared type, which no hash fits`)] : []),
      ];
    });
  });
  const repeats =
    kind === 'form' && masked.has('user_id') && ![...masked].some((key) => USER_OF_FORM.startsWith(key));
  return repeats
    ? [
        ...told,
        say(
          [...path, 'transforms'],
          'value',
          'user_id is masked, form__meta__userID holds the same and is not',
        ),
      ]
    : told;
}

const USER_OF_FORM = 'form__meta__userid';

function suspicionOfColumn(
  name: string,
  key: string,
  kind: RecordKind,
  own: ReadonlySet<string>,
  columns: readonly string[] | undefined,
): string | undefined {
  if (own.has(key) || (kind === 'case' && key.startsWith('indices'))) return undefined;
  const [prefix] = /^(form|case_json|metadata)(?=__)/.exec(key) ?? [];
  if (prefix !== PREFIX[kind]) return `"${name}" is no column of a table of ${kind}s`;
  if (columns === undefined || columns.some((each) => each === key || each.startsWith(`${key}__`)))
    return undefined;
  return `the table has no column "${name}" so far${guess(key, columns)}`;
}

const PREFIX: Readonly<Record<RecordKind, string>> = {
  form: 'form',
  case: 'case_json',
  location: 'metadata',
};

function kindOf(table: string): RecordKind | undefined {
  const name = table.toLowerCase();
  if (name === 'raw_location') return 'location';
  if (!name.startsWith('raw_')) return undefined;
  return name.endsWith('_case') ? 'case' : name.endsWith('_form') ? 'form' : undefined;
}

function ownColumns(kind: RecordKind, levels: readonly string[]): ReadonlySet<string> {
  const ofLevels = [...levelColumns(kind, levels).values()].flatMap((level) => [...level.values()]);
  const names = [...FIXED_COLUMNS[kind], ...ofLevels].map((column) => column.name);
  return new Set([...names, '_id', '_rev', 'month', 'location_id'].map(foldCase));
}

function columnsOf(condition: Condition): string[] {
  if ('any' in condition) return condition.any.flatMap(columnsOf);
  if ('all' in condition) return condition.all.flatMap(columnsOf);
  return [condition.column];
}

/** Every text fits `string`. */
function isTyped(settings: TableConfig, key: string): boolean {
  const type = settings.types.get(key);
  return type !== undefined && type.scalar !== 'string';
}

function guess(word: string, names: Iterable<string>): string {
  const near = didYouMean(word, names);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

function say(path: readonly PropertyKey[], at: Fault['at'], message: string): Fault {
  return { path, at, message };
}

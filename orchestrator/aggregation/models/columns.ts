import { LakeError } from '../../errors.js';
import { foldCase } from '../../shape/fold-case.js';
import { levelColumns, type LevelSuffix } from '../../shape/fixed-columns.js';
import { baseColumns, type BaseColumn } from '../../shape/table-columns.js';
import { scalarSql } from '../../sql/cast.js';
import { sql, type Sql } from '../../sql/text.js';
import type { RecordKind } from '../../types.js';
import type { ColumnType, Model, ModelColumn, ModelSource } from '../model.js';

/** Stands for a location level's code in names and descriptions. */
const LEVEL = '{level}';
const SUFFIXES: readonly string[] = [
  '_id',
  '_name',
  '_site_code',
  '_latitude',
  '_longitude',
  '_is_archived',
] satisfies readonly LevelSuffix[];

export function isPerLevel(name: string): boolean {
  return name.startsWith(LEVEL);
}

/** The kind of records a table of the lake holds, by its name. */
export function kindOfSource(table: string): RecordKind | undefined {
  if (table === 'raw_location') return 'location';
  return /^raw_.+_form$/.test(table) ? 'form' : /^raw_.+_case$/.test(table) ? 'case' : undefined;
}

/**
 * The columns of the model's table in a domain with these location levels, in order. Columns of levels that stand
 * together come level by level.
 * @throws LakeError MODEL_INVALID when a level's code makes a column that the table has already
 */
export function columnsOf(
  model: Pick<Model, 'table' | 'columns'>,
  levels: readonly string[],
): readonly ModelColumn[] {
  const columns: ModelColumn[] = [];
  for (let at = 0; at < model.columns.length; at++) {
    const entry = model.columns[at];
    if (entry === undefined) continue;
    if (!entry.perLevel) {
      columns.push({ name: entry.name, type: entry.type, description: entry.description });
      continue;
    }
    const end = model.columns.findIndex((each, index) => index > at && !each.perLevel);
    const together = model.columns.slice(at, end === -1 ? undefined : end);
    for (const level of new Set(levels))
      for (const { name, type, description } of together)
        columns.push({
          name: levelColumn('location', levels, level, name),
          type,
          description: description.replaceAll(LEVEL, level),
        });
    at += together.length - 1;
  }
  refuseTwins(model.table, columns);
  return columns;
}

/** Column names with each `{level}…` as those of all levels, top down: keys and indexes of a domain. */
export function namesOf(names: readonly string[], levels: readonly string[]): readonly string[] {
  return names.flatMap((name) =>
    isPerLevel(name)
      ? [...new Set(levels)].map((level) => levelColumn('location', levels, level, name))
      : [name],
  );
}

/** Names of the source's `base` columns in a domain with these location levels. */
export function sourceColumns(source: ModelSource, levels: readonly string[]): readonly string[] {
  const kind = kindOfSource(source.table) ?? 'location';
  return source.base.flatMap((name) =>
    isPerLevel(name) ? [...new Set(levels)].map((level) => levelColumn(kind, levels, level, name)) : [name],
  );
}

/**
 * The source's `base` columns in a domain with these location levels, with the types every table of the kind has.
 * @throws LakeError MODEL_INVALID when the kind has no such column
 */
export function sourceBaseColumns(source: ModelSource, levels: readonly string[]): readonly BaseColumn[] {
  const known = baseColumns(kindOfSource(source.table) ?? 'location', levels);
  return sourceColumns(source, levels).map((name) => {
    const column = known.find((each) => each.name === name);
    if (column === undefined)
      throw new LakeError('MODEL_INVALID', `${source.table} has no column ${name} of its own`, {
        mend: 'Columns of the free part stand under `free`, those that every table of the kind has under `base`.',
      });
    return column;
  });
}

/** Where a column of the free part stands in a record: its prefix (form, case_json) is no part of the path. */
export function pathOfFree(name: string): readonly string[] {
  return name.split('__').slice(1);
}

/** A model's type as Spark names it. */
export function columnTypeSql(type: ColumnType): Sql {
  return type === 'integer' ? sql`INT` : scalarSql(type);
}

/** The lake's name of a level's column, which is not always code and suffix (shape/fixed-columns.ts). */
function levelColumn(kind: RecordKind, levels: readonly string[], level: string, template: string): string {
  const suffix = template.slice(LEVEL.length);
  const known = SUFFIXES.find((each) => each === suffix) as LevelSuffix | undefined;
  const column = known && levelColumns(kind, levels).get(level)?.get(known);
  if (column === undefined) throw new LakeError('INTERNAL', `A level of a ${kind} has no column ${template}`);
  return column.name;
}

function refuseTwins(table: string, columns: readonly ModelColumn[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const key = foldCase(name);
    if (seen.has(key))
      throw new LakeError('MODEL_INVALID', `${table} would have two columns "${name}"`, {
        facts: { table, column: name },
        mend: 'A location type code of location_levels makes a name that the model has already: rename the column in the model.',
      });
    seen.add(key);
  }
}

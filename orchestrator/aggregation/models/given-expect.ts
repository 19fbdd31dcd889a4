import { LakeError } from '../../errors.js';
import type { BaseColumn } from '../../shape/table-columns.js';
import { guardedCast, scalarSql } from '../../sql/cast.js';
import { identifier } from '../../sql/identifier.js';
import { literal } from '../../sql/literal.js';
import { joinSql, sql, type Sql } from '../../sql/text.js';
import type { ColumnType, FreeColumn, GivenExpect, Model } from '../model.js';
import { columnsOf, columnTypeSql, sourceBaseColumns } from './columns.js';
import { renderAudit, renderModel, type RenderOptions } from './render-model.js';

/**
 * A model's tests on Spark: the given rows become views, and the rows the model makes of them and what its audits say
 * come back as JSON, each in the first row of a statement. Runs anywhere a script runs; no table is written.
 */
export interface Answers {
  readonly rows: string;
  readonly audits: string;
}

type Row = Readonly<Record<string, unknown>>;

interface ViewColumn {
  readonly name: string;
  readonly type: Sql;
  readonly value: (given: unknown) => Sql;
}

const DOMAIN = 'demo';
const NEW_ROWS = identifier('new rows');
/** What is cached stays with the driver, which has many tests to run. */
const FORGET = sql`UNCACHE TABLE ${NEW_ROWS}`;
/** Timestamps of an answer, to the microsecond. */
const JSON_OPTIONS = sql`map('ignoreNullFields', 'false', 'timestampFormat', "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")`;

/**
 * @param models all models: a need's columns are another's
 * @returns statements, whose first rows hold the answers
 */
export function testScript(model: Model, models: readonly Model[], test: GivenExpect): readonly Sql[] {
  const options = optionsOf(test);
  const casts = columnsOf(model, test.levels).map(
    ({ name, type }) => sql`CAST(m.${identifier(name)} AS ${columnTypeSql(type)}) AS ${identifier(name)}`,
  );
  const made = sql`SELECT ${joinSql(casts, ', ')} FROM (\n${renderModel(model, options)}\n) AS m`;
  return [...givenViews(model, models, test), ...questions(made, model, options)];
}

/** The audits over the rows that the test expects, as if the model had made them: for rows that it must never make. */
export function auditScript(model: Model, models: readonly Model[], test: GivenExpect): readonly Sql[] {
  const wrong: GivenExpect = { ...test, given: { new_rows: test.expect } };
  return [
    ...givenViews(model, models, test),
    view('new_rows', modelViewColumns(model, test.levels), wrong),
    ...questions(sql`SELECT * FROM new_rows`, model, optionsOf(test)),
  ];
}

/** What is asked of the rows that a query makes. They are asked for several times, so they are made once. */
function questions(made: Sql, model: Model, options: RenderOptions): Sql[] {
  return [
    sql`CACHE TABLE ${NEW_ROWS} AS ${made}`,
    sql`SELECT to_json(collect_list(struct(*)), ${JSON_OPTIONS}) AS \`rows\` FROM ${NEW_ROWS}`,
    auditQuestion(model, options),
    FORGET,
  ];
}

/** @param rows the first row of each statement that had any; @returns undefined when an answer is not among them */
export function answersOf(rows: readonly Readonly<Record<string, string | null>>[]): Answers | undefined {
  const answer = (key: keyof Answers): string | undefined =>
    rows.find((row) => typeof row[key] === 'string')?.[key] ?? undefined;
  const [made, audits] = [answer('rows'), answer('audits')];
  return made === undefined || audits === undefined ? undefined : { rows: made, audits };
}

function optionsOf({ month, timeZone, levels }: GivenExpect): RenderOptions {
  return { month, domain: DOMAIN, timeZone, levels };
}

function givenViews(model: Model, models: readonly Model[], test: GivenExpect): Sql[] {
  const { levels } = test;
  return [
    ...model.sources.map(({ table }) => view(table, sourceViewColumns(model, table, levels), test)),
    ...model.needs.map(({ table }) => {
      const other = models.find((each) => each.table === table);
      if (other === undefined) throw new LakeError('INTERNAL', `There is no model ${table}`);
      return view(table, modelViewColumns(other, levels), test);
    }),
  ];
}

/** Which audits found rows, and how many. */
export function readAudits(answer: string): readonly { readonly audit: string; readonly found: number }[] {
  return JSON.parse(answer) as { audit: string; found: number }[];
}

/** How the rows differ from what the test expects, and which audits would have kept them back; empty when all is well. */
export function judge(model: Model, test: GivenExpect, answers: Answers): string[] {
  const types = new Map(columnsOf(model, test.levels).map(({ name, type }) => [name, type]));
  const left = JSON.parse(answers.rows) as Row[];
  const found = left.length;
  const faults: string[] = [];
  for (const wanted of test.expect) {
    const at = left.findIndex((row) =>
      Object.entries(wanted).every(([name, value]) => isSame(row[name], value, types.get(name) ?? 'string')),
    );
    if (at === -1) faults.push(`no row is ${JSON.stringify(wanted)}`);
    else left.splice(at, 1);
  }
  faults.push(...left.map((row) => `not expected: ${JSON.stringify(row)}`));
  if (found !== test.expect.length) faults.unshift(`${found} rows, expected ${test.expect.length}`);
  return [
    ...faults,
    ...readAudits(answers.audits).map(({ audit, found: rows }) => `audit ${audit} finds ${rows} rows`),
  ];
}

/** All audits of the lake in one query; in the answer are those that found something. */
function auditQuestion(model: Model, options: RenderOptions): Sql {
  const audits = model.audits.filter((audit) => audit.on === 'lake');
  const own = identifier(model.table);
  const before = identifier(`${model.table}_before`);
  // A query's own names come before those of views: the audits find the new rows under the table's name.
  const names = model.needs.some((need) => need.table === model.table)
    ? sql`WITH ${before} AS (SELECT * FROM ${own}), ${own} AS (SELECT * FROM ${NEW_ROWS})`
    : sql`WITH ${own} AS (SELECT * FROM ${NEW_ROWS})`;
  const each = audits.map(
    (audit) =>
      sql`SELECT ${literal(audit.name)} AS audit, count(*) AS found FROM (\n${renderAudit(model, audit, options)}\n) AS q`,
  );
  const all = each.length === 0 ? sql`SELECT '' AS audit, 0L AS found` : (each.join('\nUNION ALL\n') as Sql);
  return sql`${names}
SELECT to_json(collect_list(struct(audit, found))) AS \`audits\` FROM (\n${all}\n) AS a WHERE found > 0`;
}

function view(table: string, columns: readonly ViewColumn[], test: GivenExpect): Sql {
  const given = test.given[table] ?? [];
  const rows = given.map((row, at) => {
    const whole: Row = { ...defaultsOf(test, at), ...row };
    const values = columns.map(({ name, value, type }) => sql`CAST(${value(whole[name])} AS ${type})`);
    return sql`(${joinSql(values, ', ')})`;
  });
  const names = columns.map(({ name }) => identifier(name));
  const nulls = columns.map(({ name, type }) => sql`CAST(NULL AS ${type}) AS ${identifier(name)}`);
  const body =
    rows.length === 0
      ? sql`SELECT ${joinSql(nulls, ', ')} WHERE false`
      : sql`SELECT * FROM VALUES ${joinSql(rows, ', ')} AS given(${joinSql(names, ', ')})`;
  return sql`CREATE OR REPLACE TEMPORARY VIEW ${identifier(table)} AS ${body}`;
}

/** What a row need not say: it is of the test's month and domain, and has an id of its own. */
function defaultsOf(test: GivenExpect, at: number): Row {
  return { _id: `row-${at + 1}`, domain: DOMAIN, month: test.month };
}

function sourceViewColumns(model: Model, table: string, levels: readonly string[]): ViewColumn[] {
  const source = model.sources.find((each) => each.table === table);
  if (source === undefined) return [];
  const base = sourceBaseColumns(source, levels).map(({ name, type }): ViewColumn => ({
    name,
    type: type as string as Sql,
    value: (given) => baseValue(type, given),
  }));
  return [...base, ...source.free.map(freeColumn)];
}

function modelViewColumns(model: Model, levels: readonly string[]): ViewColumn[] {
  return columnsOf(model, levels).map(({ name, type }) => ({
    name,
    type: columnTypeSql(type),
    value: (given) => scalarValue(type, given),
  }));
}

/** A text that is not wholly a value of the type is null, as in the views of a run. */
function freeColumn({ name, type, fields }: FreeColumn): ViewColumn {
  if (fields.length > 0) {
    const shape = fields.map((field) => sql`${identifier(field)}: STRING`);
    return {
      name,
      type: sql`ARRAY<STRUCT<${joinSql(shape, ', ')}>>`,
      value: (given) => structs(given, fields),
    };
  }
  const item = scalarSql(type.scalar);
  if (!type.list) return { name, type: item, value: (given) => scalarValue(type.scalar, given) };
  return {
    name,
    type: sql`ARRAY<${item}>`,
    value: (given) => listOf(given, (each) => sql`CAST(${scalarValue(type.scalar, each)} AS ${item})`),
  };
}

function baseValue(type: BaseColumn['type'], given: unknown): Sql {
  switch (type) {
    case 'STRING':
      return scalarValue('string', given);
    case 'TIMESTAMP':
      return scalarValue('timestamp', given);
    case 'BOOLEAN':
      return scalarValue('boolean', given);
    case 'DOUBLE':
      return scalarValue('double', given);
    case 'DATE':
      return scalarValue('date', given);
    case 'INT':
      return scalarValue('integer', given);
    case 'BIGINT':
      return scalarValue('long', given);
    default:
      return structs(given, ['identifier', 'referenced_id', 'referenced_type', 'relationship']);
  }
}

function scalarValue(type: ColumnType, given: unknown): Sql {
  if (given === null || given === undefined) return sql`NULL`;
  return guardedCast(literal(textOf(given)), type === 'integer' ? 'long' : type);
}

function structs(given: unknown, fields: readonly string[]): Sql {
  return listOf(given, (item) => {
    const row: Row = typeof item === 'object' && item !== null ? { ...item } : {};
    const values = fields.map(
      (field) => sql`${literal(field)}, CAST(${scalarValue('string', row[field])} AS STRING)`,
    );
    return sql`named_struct(${joinSql(values, ', ')})`;
  });
}

function listOf(given: unknown, item: (each: unknown) => Sql): Sql {
  if (given === null || given === undefined) return sql`NULL`;
  const items: readonly unknown[] = Array.isArray(given) ? given : [given];
  return sql`array(${joinSql(items.map(item), ', ')})`;
}

/** Doubles to the last digits that adding up may change. */
const NEARLY = 1e-9;

function isSame(actual: unknown, wanted: unknown, type: ColumnType): boolean {
  if (wanted === null || wanted === undefined) return actual === null || actual === undefined;
  if (actual === null || actual === undefined) return false;
  const [is, should] = [textOf(actual), textOf(wanted)];
  if (type === 'timestamp') return instantOf(is) === instantOf(should);
  if (type === 'double') {
    const [a, b] = [Number(is), Number(should)];
    return Math.abs(a - b) <= NEARLY * Math.max(1, Math.abs(a), Math.abs(b));
  }
  if (type === 'long' || type === 'integer') return BigInt(is) === BigInt(should);
  return is === should;
}

/** Microseconds: Date has only thousands of them. */
function instantOf(text: string): string {
  const [, whole = text, fraction = '', zone = 'Z'] =
    /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  return `${Date.parse(`${whole}${zone}`)}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

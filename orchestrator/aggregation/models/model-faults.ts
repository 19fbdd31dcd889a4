import { didYouMean } from '../../config/did-you-mean.js';
import type { Fault } from '../../config/lake-faults.js';
import { LakeError } from '../../errors.js';
import { baseColumns } from '../../shape/table-columns.js';
import type { Sql } from '../../sql/text.js';
import type { Audit, GivenExpect, Model, ModelSource } from '../model.js';
import { columnsOf, isPerLevel, kindOfSource, sourceColumns } from './columns.js';
import { fillLiquid, parseLiquid, SafeText, SPARK_QUOTING, TemplateFault } from './fill-liquid.js';
import { LEVEL_COLUMN, PLAIN, PLAIN_NAME } from './model-schema.js';
import { modelContext } from './render-model.js';

/** Levels no template may count on: what works for one and for three works for any. */
const SAMPLES = [['district'], ['state', 'district', 'flwc']];
const FREE_PREFIX = { form: 'form__', case: 'case_json__', location: 'metadata__' } as const;

/** Faults of one model by itself; those of its SQL are of another file, and so have their own lines. */
export function faultsOfModel(model: Model): Fault[] {
  return [
    ...columnFaults(model),
    ...model.sources.flatMap(sourceFaults),
    ...model.audits.flatMap((audit, at) => auditFaults(model, audit, at)),
  ];
}

/** `line:column: message` of what is wrong in the template of the SELECT. */
export function templateFaults(model: Model): string[] {
  if (model.sql.trim() === '') return ['1:1: the file is empty'];
  const fault = trial(model, model.sql, {});
  return fault === undefined ? [] : [`${fault.line}:${fault.column}: ${fault.message}`];
}

/** Faults of the tests, which name columns of other models too. */
export function testFaults(model: Model, models: readonly Model[]): Fault[] {
  return model.tests.flatMap((test, at) => {
    const fault = (path: PropertyKey[], message: string): Fault => ({
      path: ['tests', at, ...path],
      at: 'key',
      message,
    });
    const faults: Fault[] = [];
    if ((test.month === null) === model.monthly)
      faults.push({
        path: ['tests', at],
        at: 'value',
        message: model.monthly ? 'must have a month' : 'must have no month: the table has none',
      });
    if (model.tests.findIndex(({ name }) => name === test.name) < at)
      faults.push({
        path: ['tests', at, 'name'],
        at: 'value',
        message: `"${test.name}" is the name of another test`,
      });
    const twin = levelTwin(model, models, test.levels);
    if (twin !== undefined) return [...faults, fault(['levels'], twin)];
    for (const [table, rows] of Object.entries(test.given)) {
      const columns = givenColumns(model, models, table, test);
      if (columns === undefined) {
        const known = [...model.sources, ...model.needs].map((each) => each.table);
        faults.push(fault(['given', table], `"${table}" is no source or need${guess(table, known)}`));
        continue;
      }
      rows.forEach((row, index) => {
        for (const name of strangers(row, columns))
          faults.push(
            fault(['given', table, index, name], `${table} has no column "${name}"${guess(name, columns)}`),
          );
      });
    }
    const own = columnsOf(model, test.levels).map((column) => column.name);
    test.expect.forEach((row, index) => {
      for (const name of strangers(row, own))
        faults.push(
          fault(['expect', index, name], `${model.table} has no column "${name}"${guess(name, own)}`),
        );
    });
    return faults;
  });
}

/** Why levels of these codes cannot be: one makes a column that a table has already. */
function levelTwin(model: Model, models: readonly Model[], levels: readonly string[]): string | undefined {
  try {
    for (const each of [model, ...models]) columnsOf(each, levels);
    return undefined;
  } catch (cause) {
    if (cause instanceof LakeError) return cause.message;
    throw cause;
  }
}

/** Column names of a table that a test may give rows of; undefined when the model does not read it. */
function givenColumns(
  model: Model,
  models: readonly Model[],
  table: string,
  { levels }: Pick<GivenExpect, 'levels'>,
): readonly string[] | undefined {
  const source = model.sources.find((each) => each.table === table);
  if (source !== undefined) return [...sourceColumns(source, levels), ...source.free.map(({ name }) => name)];
  const need = model.needs.find((each) => each.table === table);
  const other = need && models.find((each) => each.table === table);
  return other && columnsOf(other, levels).map(({ name }) => name);
}

function columnFaults(model: Model): Fault[] {
  const names = model.columns.map(({ name }) => name);
  const must = [
    { name: 'domain', type: 'string', wanted: true },
    { name: 'month', type: 'date', wanted: model.monthly },
  ];
  const faults = names
    .filter((name) => !PLAIN_NAME.test(name) && !LEVEL_COLUMN.test(name))
    .map((name): Fault => {
      const message = `"${name}" ${PLAIN}; or {level}_id, {level}_name, {level}_site_code`;
      return { path: ['columns', name], at: 'key', message };
    });
  for (const { name, type, wanted } of must) {
    const column = model.columns.find((each) => each.name === name);
    if (wanted && column?.type !== type)
      faults.push({ path: ['columns'], at: 'value', message: `must hold ${name} of type ${type}` });
    if (!wanted && column !== undefined)
      faults.push({ path: ['columns', name], at: 'key', message: 'a table without months has no month' });
  }
  if (model.monthly && !model.partitionBy.includes('month'))
    faults.push({
      path: ['partition_by'],
      at: 'value',
      message: 'must hold month: months are replaced one by one',
    });
  const lists: readonly (readonly [PropertyKey[], readonly string[]])[] = [
    [['keys'], model.keys],
    [['partition_by'], model.partitionBy],
    ...model.indexes.map((index, at) => [['indexes', at], index] as const),
  ].map(([path, list]) => [[...(path as PropertyKey[])], list] as const);
  for (const [path, list] of lists)
    list.forEach((name, at) => {
      if (!names.includes(name))
        faults.push({
          path: [...path, at],
          at: 'value',
          message: `"${name}" is no column${guess(name, names)}`,
        });
      else if (path[0] === 'partition_by' && isPerLevel(name))
        faults.push({
          path: [...path, at],
          at: 'value',
          message: 'a column of each level can be no partition',
        });
    });
  return faults;
}

function sourceFaults(source: ModelSource): Fault[] {
  const path = ['sources', source.table];
  const kind = kindOfSource(source.table);
  if (kind === undefined)
    return [{ path, at: 'key', message: 'is no table of the lake: raw_…_form, raw_…_case or raw_location' }];
  const level =
    kind === 'location' ? ['id', 'name', 'site_code', 'latitude', 'longitude', 'is_archived'] : ['id'];
  const known = [...baseColumns(kind, []).map(({ name }) => name), ...level.map((each) => `{level}_${each}`)];
  const prefix = FREE_PREFIX[kind];
  return [
    ...source.base.flatMap((name, at): Fault[] =>
      known.includes(name)
        ? []
        : [
            {
              path: [...path, 'base', at],
              at: 'value',
              message: `"${name}" is no column that every ${kind} has${guess(name, known)}`,
            },
          ],
    ),
    ...source.free.flatMap(({ name }): Fault[] =>
      name.startsWith(prefix) && name.length > prefix.length
        ? []
        : [{ path: [...path, 'free', name], at: 'key', message: `"${name}" must begin with ${prefix}` }],
    ),
  ];
}

function auditFaults(model: Model, audit: Audit, at: number): Fault[] {
  const path = ['audits', at];
  const twin = model.audits.findIndex(({ name }) => name === audit.name) < at;
  const faults: Fault[] = twin
    ? [{ path: [...path, 'name'], at: 'value', message: `"${audit.name}" is the name of another audit` }]
    : [];
  if (audit.sql.trim() === '') return [...faults, { path, at: 'value', message: 'must have sql' }];
  const more = audit.on === 'warehouse' ? { staging: new SafeText('staging' as Sql) } : {};
  const fault = trial(model, audit.sql, more);
  if (fault === undefined) return faults;
  const message = `line ${fault.line}, column ${fault.column} of the sql: ${fault.message}`;
  return [...faults, { path: [...path, 'sql'], at: 'value', message }];
}

/** Fills the template for samples, so that an unknown variable is found before there is a domain. */
function trial(
  model: Model,
  template: string,
  more: Readonly<Record<string, unknown>>,
): TemplateFault | undefined {
  try {
    parseLiquid(template);
    for (const levels of SAMPLES) {
      const month = model.monthly ? '2024-02-01' : null;
      const options = { month, domain: 'demo', timeZone: 'UTC', levels };
      fillLiquid(template, { ...modelContext(options, SPARK_QUOTING), ...more });
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof TemplateFault) return cause;
    throw cause;
  }
}

function strangers(row: Readonly<Record<string, unknown>>, columns: readonly string[]): string[] {
  return Object.keys(row).filter((name) => !columns.includes(name));
}

function guess(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

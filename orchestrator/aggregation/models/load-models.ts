import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { didYouMean } from '../../config/did-you-mean.js';
import { faultCount } from '../../config/faults.js';
import type { Fault } from '../../config/lake-faults.js';
import { LakeError } from '../../errors.js';
import { PACKAGE_ROOT } from '../../package-root.js';
import type { Model } from '../model.js';
import { faultsOfModel, templateFaults, testFaults } from './model-faults.js';
import { linesOf, readModel, type ReadModel } from './model-file.js';
import { PLAIN_NAME } from './model-schema.js';

const FOLDER = join(PACKAGE_ROOT, 'spark-jobs', 'models');

/** All models, without fault, each after those it needs of the same month. */
export class Models {
  readonly all: readonly Model[];

  constructor(all: readonly Model[]) {
    this.all = all;
  }

  /** @throws LakeError USAGE when there is none of that table */
  byTable(table: string): Model {
    return this.find('table', table);
  }

  /** By its name on the command line. @throws LakeError USAGE with a guess of what was meant */
  byName(name: string): Model {
    return this.find('name', name);
  }

  private find(key: 'table' | 'name', value: string): Model {
    const model = this.all.find((each) => each[key] === value);
    if (model !== undefined) return model;
    const known = this.all.map((each) => each[key]);
    const near = didYouMean(value, known);
    const guess = near === undefined ? '' : ` (did you mean "${near}"?)`;
    throw new LakeError(
      'USAGE',
      `There is no aggregation "${value}"${guess}; there are ${known.join(', ')}`,
      {
        facts: { aggregation: value },
      },
    );
  }
}

/**
 * Reads every `<table>.yml` with the `<table>.sql` beside it.
 * @throws LakeError MODEL_INVALID with every fault as `file:line:column: place: message`
 */
export function loadModels(folder: string = FOLDER): Models {
  const faults: string[] = [];
  const read: ReadModel[] = [];
  for (const table of tablesIn(folder, faults)) {
    const [yml, sql] = [join(folder, `${table}.yml`), join(folder, `${table}.sql`)];
    if (!existsSync(yml)) faults.push(`${shown(sql)}:1:1: has no ${table}.yml beside it`);
    if (!existsSync(sql)) faults.push(`${shown(yml)}:1:1: has no ${table}.sql beside it`);
    if (!existsSync(yml)) continue;
    const template = existsSync(sql) ? readFileSync(sql, 'utf8') : 'SELECT 1';
    const found = readModel(table, shown(yml), readFileSync(yml, 'utf8'), template);
    if (Array.isArray(found)) faults.push(...found);
    else {
      read.push(found);
      faults.push(...linesOf(found, faultsOfModel(found.model)));
      faults.push(...templateFaults(found.model).map((fault) => `${shown(sql)}:${fault}`));
    }
  }
  const models = read.map(({ model }) => model);
  // What names other models can be judged only when all of them are read.
  const whole = faults.length === 0;
  for (const each of read) faults.push(...linesOf(each, faultsAmong(each.model, models, whole)));
  if (faults.length > 0) throw invalid(folder, faults);
  return new Models(inOrder(models));
}

function tablesIn(folder: string, faults: string[]): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const tables = [...new Set(names.flatMap((name) => /^(.+)\.(?:yml|sql)$/.exec(name)?.[1] ?? []))].sort();
  if (tables.length === 0) faults.push(`${shown(folder)}:1:1: holds no model`);
  return tables.filter((table) => {
    const plain = PLAIN_NAME.test(table);
    if (!plain)
      faults.push(
        `${shown(join(folder, `${table}.yml`))}:1:1: a table's name must be small letters, digits and _`,
      );
    return plain;
  });
}

function faultsAmong(model: Model, models: readonly Model[], whole: boolean): Fault[] {
  const faults: Fault[] = [];
  const twin = models.find((each) => each.name === model.name && each.table < model.table);
  if (twin !== undefined)
    faults.push({ path: ['name'], at: 'value', message: `"${model.name}" is the name of ${twin.table} too` });
  if (!whole) return faults;
  for (const { table, month } of model.needs) {
    const path = ['needs', table];
    const other = models.find((each) => each.table === table);
    if (other === undefined) {
      const near = didYouMean(
        table,
        models.map((each) => each.table),
      );
      const guess = near === undefined ? '' : ` (did you mean "${near}"?)`;
      faults.push({ path, at: 'key', message: `there is no model "${table}"${guess}` });
    } else if (other.monthly === (month === 'whole'))
      faults.push({
        path,
        at: 'value',
        message: other.monthly ? `${table} has months: same or previous` : `${table} has no months: whole`,
      });
    else if (month !== 'previous' && reaches(other, model.table, models))
      faults.push({
        path,
        at: 'key',
        message: `${table} needs ${model.table} of the same month itself: a circle`,
      });
  }
  return faults.length > 0 ? faults : testFaults(model, models);
}

/** Whether a model needs the table of the same month, itself or through others. */
function reaches(from: Model, table: string, models: readonly Model[], seen = new Set<string>()): boolean {
  if (from.table === table) return true;
  if (seen.has(from.table)) return false;
  seen.add(from.table);
  return from.needs.some(({ table: need, month }) => {
    const other = models.find((each) => each.table === need);
    return month !== 'previous' && other !== undefined && reaches(other, table, models, seen);
  });
}

/** Each after what it needs of its own month; else by name. */
function inOrder(models: readonly Model[]): Model[] {
  const ordered: Model[] = [];
  const add = (model: Model): void => {
    if (ordered.includes(model)) return;
    for (const need of model.needs) {
      const other = models.find((each) => each.table === need.table);
      if (need.month !== 'previous' && other !== undefined) add(other);
    }
    ordered.push(model);
  };
  models.forEach(add);
  return ordered;
}

/** Short where the file is ours, whole elsewhere: as terminals link it. */
function shown(path: string): string {
  const inside = relative(PACKAGE_ROOT, path);
  return inside.startsWith('..') ? path : inside;
}

function invalid(folder: string, faults: readonly string[]): LakeError {
  const message = `${shown(folder)} has ${faultCount(faults)}:\n  ${faults.join('\n  ')}`;
  return new LakeError('MODEL_INVALID', message, { facts: { faults } });
}

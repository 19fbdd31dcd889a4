import { MAX_DEPTH } from '../extract/form-json/limits.js';
import { fixedColumns, type FixedType } from '../shape/fixed-columns.js';
import type { CaseIndex, FieldValue, JsonObject, JsonValue, RecordKind, Upsert } from '../types.js';
import { isPlainObject } from './column-tree.js';
import { FREE_PART } from './free-part.js';

/** What a hook gave back is no record, in words without its content. */
export type NoRecord = { readonly problem: string };

/**
 * A record as a hook sees it: `_id`, `_rev`, `month`, HQ's own fields by their column names, `indices` of a case, and
 * the free part under `form`, `case_json` or `metadata`.
 */
export function toHook(record: Upsert): string {
  const { id, rev, month, fields, indices, kind, tree } = record;
  return JSON.stringify({
    _id: id,
    _rev: rev,
    month,
    ...fields,
    ...(indices === undefined ? {} : { indices }),
    [FREE_PART[kind]]: tree,
  });
}

const KEPT = ['_id', '_rev', 'month', 'domain', 'doc_type', 'type', 'xmlns'] as const;

/** Reads a hook's answer: the record it makes, null when it is not to be kept, or what is wrong with it. */
export function fromHook(
  record: Upsert,
  levels: readonly string[],
  answer: string,
): Upsert | null | NoRecord {
  if (answer === 'undefined') return { problem: 'gave nothing back' };
  const given = JSON.parse(answer) as JsonValue;
  if (given === null) return null;
  if (!isPlainObject(given)) return { problem: 'gave something back that is no record' };
  const before: Readonly<Record<string, unknown>> = {
    ...record.fields,
    _id: record.id,
    _rev: record.rev,
    month: record.month,
  };
  const changed = KEPT.find((name) => Object.hasOwn(given, name) && given[name] !== (before[name] ?? null));
  if (changed !== undefined) return { problem: `changed ${changed}` };
  const columns = fixedColumns(record.kind, levels);
  const free = FREE_PART[record.kind];
  const known = new Set([...KEPT, ...columns.map(({ name }) => name), 'indices', free]);
  if (Object.keys(given).some((name) => !known.has(name)))
    return { problem: `gave a field back that is no column; those of one's own go below ${free}` };
  const fields: Record<string, FieldValue> = {};
  for (const { name, type } of columns) {
    const value = isKept(name) ? (record.fields[name] ?? null) : (given[name] ?? null);
    if (!fits(value, type)) return { problem: `gave ${name} back as something else than ${WORDS[type]}` };
    fields[name] = value;
  }
  const tree = given[free] ?? {};
  if (!isPlainObject(tree)) return { problem: `gave ${free} back as something else than an object` };
  if (nestsDeeper(tree, MAX_DEPTH)) return { problem: `gave ${free} back nested deeper than ${MAX_DEPTH}` };
  const indices = indicesOf(record.kind, given['indices']);
  if (indices === 'wrong') return { problem: 'gave indices back that are no list of indices' };
  const { op, kind, domain, id, type, rev, month } = record;
  const own = { op, kind, domain, id, type, rev, month };
  return { ...own, fields, tree, ...(indices === undefined ? {} : { indices }) };
}

function isKept(name: string): boolean {
  return KEPT.some((each) => each === name);
}

const WORDS: Readonly<Record<FixedType, string>> = {
  STRING: 'a text or null',
  TIMESTAMP: 'a time such as 2026-01-31T08:00:00.000000Z or null',
  BOOLEAN: 'true, false or null',
  INT: 'a whole number or null',
  DOUBLE: 'a number or null',
};

/** Spark casts what is staged and fails the batch on what it can't. */
function fits(value: JsonValue, type: FixedType): value is FieldValue {
  if (value === null) return true;
  switch (type) {
    case 'STRING':
      return typeof value === 'string';
    case 'TIMESTAMP':
      return typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
    case 'BOOLEAN':
      return typeof value === 'boolean';
    case 'INT':
      return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    case 'DOUBLE':
      return typeof value === 'number';
  }
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;
const INDEX_FIELDS = ['identifier', 'referenced_id', 'referenced_type', 'relationship'] as const;

function indicesOf(
  kind: RecordKind,
  given: JsonValue | undefined,
): readonly CaseIndex[] | undefined | 'wrong' {
  if (given === undefined || given === null) return undefined;
  if (kind !== 'case' || !Array.isArray(given)) return 'wrong';
  return given.every(isIndex) ? given : 'wrong';
}

function isIndex(value: JsonValue): value is CaseIndex & JsonObject {
  return (
    isPlainObject(value) &&
    Object.keys(value).length === INDEX_FIELDS.length &&
    INDEX_FIELDS.every((name) => typeof value[name] === 'string' || value[name] === null)
  );
}

function nestsDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}

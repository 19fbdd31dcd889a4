import { createHash } from 'node:crypto';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { faultLines, schemaFaults, type Fault } from '../../config/lake-faults.js';
import type { ColumnEntry, Model } from '../model.js';
import { isPerLevel } from './columns.js';
import { modelKeysAt, modelSchema, type ModelFile } from './model-schema.js';

/** A model's two files as they were read, for faults that are found later. */
export interface ReadModel {
  readonly model: Model;
  readonly document: Document;
  readonly lines: LineCounter;
  /** Path of the yml as faults name it. */
  readonly yml: string;
}

/** Tests share rows by aliases of aliases; the reader counts each use of each. */
const MOST_ALIASES = 100_000;

/** @returns the model, or the faults of its yml as lines */
export function readModel(table: string, yml: string, text: string, sql: string): ReadModel | string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: true });
  if (document.errors.length > 0)
    return document.errors.map(({ linePos, message }) => {
      const { line, col } = linePos?.[0] ?? { line: 1, col: 1 };
      return `${yml}:${line}:${col}: ${message.split('\n')[0]?.replace(/ at line .*$/, '') ?? ''}`;
    });
  if (document.contents === null) return [`${yml}:1:1: the file is empty`];
  const result = modelSchema.safeParse(document.toJS({ maxAliasCount: MOST_ALIASES }));
  if (!result.success) {
    const faults = result.error.issues.flatMap((issue) => schemaFaults(issue, document, modelKeysAt));
    return faultLines(yml, document, lines, faults);
  }
  return { model: modelOf(table, result.data, sql, identityOf(text, sql)), document, lines, yml };
}

/** Faults of a model that was read, as lines. */
export function linesOf({ yml, document, lines }: ReadModel, faults: readonly Fault[]): string[] {
  return faultLines(yml, document, lines, faults);
}

function modelOf(table: string, file: ModelFile, sql: string, sha256: string): Model {
  const columns: ColumnEntry[] = Object.entries(file.columns).map(([name, { type, description }]) => ({
    name,
    type,
    description,
    perLevel: isPerLevel(name),
  }));
  return {
    table,
    name: file.name,
    description: file.description,
    monthly: file.monthly,
    grain: file.grain,
    keys: file.keys,
    partitionBy: file.partition_by,
    columns,
    sources: Object.entries(file.sources).map(([source, { touches, base, free }]) => ({
      table: source,
      touches,
      base,
      free: Object.entries(free).map(([name, { type, fields }]) => ({ name, type, fields })),
    })),
    needs: Object.entries(file.needs).map(([need, month]) => ({ table: need, month })),
    audits: file.audits,
    tests: file.tests.map(({ time_zone: timeZone, ...test }) => ({ ...test, timeZone })),
    indexes: file.indexes,
    sql,
    sha256,
  };
}

/** Each file's length stands before it: text moved from one file to the other is another model. */
function identityOf(yml: string, sql: string): string {
  return createHash('sha256').update(`${yml.length}:${yml}${sql}`).digest('hex');
}

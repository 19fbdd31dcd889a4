import { z } from 'zod';
import { parseDeclaredType, TYPE_WORDS } from '../../config/declared-type.js';
import type { ColumnType, FreeColumn } from '../model.js';

/** What `<table>.yml` may say; unknown keys are refused. `spark-jobs/models/README.md` explains each. */
const text = z.string().trim().min(1, 'must not be empty');
/** Names that need no encoding anywhere: in Spark, in Postgres, as a file and on a command line. */
export const PLAIN_NAME = /^[a-z][a-z0-9_]{0,39}$/;
export const PLAIN = 'must be small letters, digits and _, beginning with a letter, 40 at most';
export const LEVEL_COLUMN = /^\{level\}_(id|name|site_code)$/;

const columnSchema = z.strictObject({ type: z.string().transform(readColumnType), description: text });

const freeSchema = z.unknown().transform(readFree);

const sourceSchema = z.strictObject({
  touches: z.enum(['same', 'from', 'all']),
  base: z.array(text).default([]),
  free: z.record(z.string(), freeSchema).default({}),
});

const auditSchema = z.strictObject({
  name: z.string().regex(PLAIN_NAME, PLAIN),
  description: text,
  on: z.enum(['lake', 'warehouse']).default('lake'),
  sql: z.string().default(''),
});

const row = z.record(z.string(), z.unknown());

const testSchema = z.strictObject({
  name: text,
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])-01$/, 'must be a first of month, YYYY-MM-01')
    .nullable()
    .default(null),
  time_zone: z.string().default('UTC'),
  levels: z.array(text).min(1).default(['district', 'flwc']),
  given: z.record(z.string(), z.array(row)),
  expect: z.array(row),
});

export const modelSchema = z.strictObject({
  name: z.string().regex(PLAIN_NAME, PLAIN),
  description: text,
  grain: text,
  monthly: z.boolean().default(true),
  keys: z.array(text).min(1),
  partition_by: z.array(text).default([]),
  indexes: z.array(z.array(text).min(1)).default([]),
  columns: z.record(z.string(), columnSchema),
  sources: z.record(z.string(), sourceSchema).default({}),
  needs: z.record(z.string(), z.enum(['same', 'previous', 'whole'])).default({}),
  audits: z.array(auditSchema).min(1, 'must hold an audit'),
  tests: z.array(testSchema).min(1, 'must hold a test'),
});

export type ModelFile = z.infer<typeof modelSchema>;

/** Keys that may stand at a place, for the guess of what was meant. */
export function modelKeysAt(path: readonly PropertyKey[]): readonly string[] {
  const [first] = path;
  if (first === undefined) return Object.keys(modelSchema.shape);
  const below: Readonly<Record<string, { readonly shape: object }>> = {
    columns: columnSchema,
    sources: sourceSchema,
    audits: auditSchema,
    tests: testSchema,
  };
  return Object.keys(below[String(first)]?.shape ?? {});
}

function readColumnType(word: string, context: z.RefinementCtx): ColumnType {
  if (word === 'integer') return word;
  const type = parseDeclaredType(word);
  if (type !== undefined && !type.list) return type.scalar;
  context.addIssue({
    code: 'custom',
    message: `"${word}" is no type of a column; those are integer, ${TYPE_WORDS.replace(/, list or .*$/, '')}`,
  });
  return z.NEVER;
}

const itemSchema = z.strictObject({ fields: z.array(text).min(1) });

/** A type, or `{fields: [names]}` for a list of structs. */
function readFree(given: unknown, context: z.RefinementCtx): Pick<FreeColumn, 'type' | 'fields'> {
  const item = itemSchema.safeParse(given);
  if (item.success) return { type: { list: true, scalar: 'string' }, fields: item.data.fields };
  const type = typeof given === 'string' ? parseDeclaredType(given) : undefined;
  if (type !== undefined) return { type, fields: [] };
  const shown = typeof given === 'string' ? `"${given}" is no type` : 'this is no type';
  const message = `${shown}; those are ${TYPE_WORDS}, and {fields: [names]} for a list of structs`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

import { z } from 'zod';
import { deriveSchema, renameSchema } from './made-columns.js';
import { transformsSchema } from './transforms.js';
import { declarationKey, parseDeclaredType, TYPE_WORDS, type DeclaredType } from './declared-type.js';

/** Declared types by {@link declarationKey}. */
export type DeclaredTypes = ReadonlyMap<string, DeclaredType>;

/** What `lake.yaml` says of one table, under its name (`raw_…_case`, `raw_…_form`, `raw_location`). */
export const tableSchema = z.strictObject({
  types: z.record(z.string(), z.string()).default({}).transform(readTypes),
  transforms: transformsSchema,
  rename: renameSchema,
  derive: deriveSchema,
});

export type TableConfig = Readonly<z.infer<typeof tableSchema>>;

/** A table that lake.yaml does not name is one without declarations. */
export const UNNAMED = tableSchema.parse({});

const FREE_PART = /^(form|case_json|metadata)__./i;

/** Only the free part has types to declare (HQ's own fields have theirs), and each part of it one type. */
function readTypes(types: Readonly<Record<string, string>>, context: z.RefinementCtx): DeclaredTypes {
  const read = new Map<string, DeclaredType>();
  const owners = new Map<string, string>();
  for (const [name, text] of Object.entries(types)) {
    const fault = (message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    const key = declarationKey(name);
    const owner = owners.get(key);
    owners.set(key, name);
    const type = parseDeclaredType(text);
    if (!FREE_PART.test(name))
      fault('is no column that takes a type: those begin with form__, case_json__ or metadata__');
    else if (owner !== undefined) fault(`declares again what "${owner}" does`);
    else if (type === undefined) fault(`must be one of ${TYPE_WORDS}`);
    else read.set(key, type);
  }
  return read;
}

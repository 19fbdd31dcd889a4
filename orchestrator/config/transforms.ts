import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { columnFault, MASK_WAYS, maskFault, type MaskWay } from './maskable.js';

/**
 * `transforms` of a table in `lake.yaml`: what happens to a record between HQ and the first file it is written to, in
 * the order of the list (design section 8; decision 0013).
 */
export type Transform =
  | { readonly kind: 'mask'; readonly columns: readonly string[]; readonly with: MaskWay }
  | { readonly kind: 'filter'; readonly keep: Condition }
  | { readonly kind: 'hook'; readonly path: string };

/** What a record has to be like to be kept. */
export type Condition =
  { readonly any: readonly Condition[] } | { readonly all: readonly Condition[] } | Comparison;

/** Tests of one column; all of them must hold. */
export interface Comparison {
  readonly column: string;
  readonly tests: Tests;
}

const word = z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false');
const words = z.array(word).min(1, 'must name a value');
const bound = z.union([z.string(), z.number()], 'must be a number or a text (a date, say)');
const testsSchema = z.strictObject({
  is: word.optional(),
  is_not: word.optional(),
  in: words.optional(),
  not_in: words.optional(),
  present: z.boolean().optional(),
  matches: z.string().refine(isPattern, 'must be a regular expression').optional(),
  above: bound.optional(),
  at_least: bound.optional(),
  at_most: bound.optional(),
  below: bound.optional(),
});
export type Tests = Readonly<z.infer<typeof testsSchema>>;

const column = z.string().superRefine((name, context) => {
  const fault = columnFault(name);
  if (fault !== undefined) context.addIssue(fault);
});
/** One name or several: `drop: [a, b]`. */
const columns = z.preprocess(
  (given): unknown => (Array.isArray(given) ? given : [given]),
  z.array(column).min(1),
);

const maskSchema = z
  .strictObject({ column: columns, with: z.enum(MASK_WAYS) })
  .superRefine((mask, context) => {
    for (const [at, name] of mask.column.entries()) {
      const fault = maskFault(name, mask.with);
      if (fault !== undefined) context.addIssue({ code: 'custom', path: ['column', at], message: fault });
    }
  });
const dropSchema = columns.superRefine((names, context) => {
  for (const [at, name] of names.entries()) {
    const fault = maskFault(name, 'drop');
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [at], message: fault });
  }
});

interface GivenCondition extends Tests {
  readonly column?: string | undefined;
  readonly any?: readonly GivenCondition[] | undefined;
  readonly all?: readonly GivenCondition[] | undefined;
}
const conditionSchema: z.ZodType<GivenCondition> = z
  .strictObject({
    ...testsSchema.shape,
    column: column.optional(),
    get any() {
      return z.array(conditionSchema).min(1).optional();
    },
    get all() {
      return z.array(conditionSchema).min(1).optional();
    },
  })
  .superRefine((given, context) => {
    const forms = [given.column, given.any, given.all].filter((each) => each !== undefined);
    if (forms.length !== 1) context.addIssue('must have one of column, any and all');
    const tests = TESTS.filter((test) => given[test] !== undefined);
    if (given.column !== undefined && tests.length === 0)
      context.addIssue(`must say what the column has to be: ${TESTS.join(', ')}`);
    if (given.column === undefined && tests.length > 0)
      context.addIssue(`${tests.join(', ')}: of which column? any and all take whole conditions`);
  });

const TESTS = Object.keys(testsSchema.shape) as readonly (keyof Tests)[];

const hookPath = z
  .string()
  .regex(/\.(mjs|js|mts|ts)$/, 'must be a module: .ts, .mts, .js or .mjs')
  .refine((path) => !isAbsolute(path), 'must be a path relative to lake.yaml');

const stepSchema = z.strictObject({
  mask: maskSchema.optional(),
  drop: dropSchema.optional(),
  filter: conditionSchema.optional(),
  hook: hookPath.optional(),
});
const KINDS = Object.keys(stepSchema.shape);

export const transformsSchema = z.array(stepSchema.transform(readStep)).default([]);

function readStep(step: z.infer<typeof stepSchema>, context: z.RefinementCtx): Transform {
  const [transform, ...others] = [
    ...(step.mask === undefined ? [] : [{ kind: 'mask', columns: step.mask.column, with: step.mask.with }]),
    ...(step.drop === undefined ? [] : [{ kind: 'mask', columns: step.drop, with: 'drop' }]),
    ...(step.filter === undefined ? [] : [{ kind: 'filter', keep: conditionOf(step.filter) }]),
    ...(step.hook === undefined ? [] : [{ kind: 'hook', path: step.hook }]),
  ] as Transform[];
  if (transform !== undefined && others.length === 0) return transform;
  context.addIssue(
    `must be one of ${KINDS.join(', ')}; their order counts, so each stands in a step of its own`,
  );
  return z.NEVER;
}

function conditionOf({ column: name, any, all, ...tests }: GivenCondition): Condition {
  if (any !== undefined) return { any: any.map(conditionOf) };
  if (all !== undefined) return { all: all.map(conditionOf) };
  return { column: name ?? '', tests };
}

/** Keys that may stand at a place below `transforms`. */
export function transformKeysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.includes('filter')) return ['column', 'any', 'all', ...TESTS];
  if (path.includes('mask')) return Object.keys(maskSchema.shape);
  return KINDS;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

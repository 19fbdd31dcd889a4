import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { LakeError } from '../errors.js';
import { aggregationKeysAt, aggregationsSchema } from './aggregations.js';
import { faultCount } from './faults.js';
import { faultLines, schemaFaults, type Fault } from './lake-faults.js';
import { hookFilesBeside, hooksOf, identityOf, noHooks, type HookFiles } from './hook-files.js';
import { clashes, DERIVED_KEYS } from './made-columns.js';
import { UNNAMED, tableSchema, type TableConfig } from './table-config.js';
import { isTimeZone } from './time-zone.js';
import { transformKeysAt } from './transforms.js';
import { levelColumns } from '../shape/fixed-columns.js';
import type { RecordKind } from '../types.js';

/**
 * `lake.yaml`: which domains, case types and forms are kept, and how (design section 11). Validated as a whole;
 * every fault is listed with its line and column. Unknown keys are refused, so a typing error is never silently ignored.
 */
const caseOptions = z.strictObject({ name: z.string().min(1).optional() }).nullable();
const formOptions = z.strictObject({ name: z.string().min(1).optional() }).nullable();

const domainFields = z.strictObject({
  // A level's code is part of column names, and Delta refuses these characters there.
  location_levels: z
    .array(
      z
        .string()
        .regex(/^[^ ,;{}()=~\t\n]+$/, 'must be a location type code without blanks or ,;{}()=~')
        // A column of a record's own fields may have the name already, and names once given stay.
        .regex(/^(?!(form|case_json|metadata)__)/i, 'must not begin with form__, case_json__ or metadata__'),
    )
    .default([]),
  record_location: z.array(z.enum(['owner', 'user'])).default(['owner', 'user']),
  locations: z.boolean().default(false),
  cases: z.record(z.string(), caseOptions).default({}),
  forms: z.record(z.string(), formOptions).default({}),
  tables: z.record(z.string().min(1), tableSchema).default({}),
  time_zone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Asia/Kolkata').default('UTC'),
  aggregations: aggregationsSchema.prefault({}),
});
/** A column of lake.yaml's own making may take no name that another column has; a level's columns are known only here. */
const domainSchema = domainFields.superRefine(({ location_levels: levels, tables }, context) => {
  const ofLevels = [...levelColumns('location', levels).values()].flatMap((own) => [...own.values()]);
  for (const [table, settings] of Object.entries(tables))
    for (const { name, path } of clashes(
      settings,
      ofLevels.map((column) => column.name),
    ))
      context.addIssue({
        code: 'custom',
        path: ['tables', table, ...path],
        message: `"${name}" is a column already`,
      });
});
const lakeSchema = z.strictObject({ domains: z.record(z.string().min(1), domainSchema) });

export type DomainConfig = Readonly<z.infer<typeof domainSchema>>;

export interface LakeConfig {
  readonly domains: Readonly<Record<string, DomainConfig>>;
  /** sha256 of the file's text and of the hooks it names: the identity of this configuration version. */
  readonly sha256: string;
  readonly text: string;
  /** Texts of the hooks it names, by the path that stands there. */
  readonly hooks: ReadonlyMap<string, string>;
}

/** Keys that may stand at a place: of the file, of a domain, of a case type or form, of a table. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const depth = path.length;
  if (depth === 0) return Object.keys(lakeSchema.shape);
  if (depth === 2) return Object.keys(domainFields.shape);
  if (path[2] === 'aggregations') return aggregationKeysAt(path.slice(3));
  if (path[2] !== 'tables') return ['name'];
  if (path[4] === 'derive') return DERIVED_KEYS;
  return path[4] === 'transforms' ? transformKeysAt(path.slice(5)) : Object.keys(tableSchema.shape);
}

/** Every type of a record kind is taken: `cases: {'*': {}}`. */
const ANY_TYPE = '*';

/** @throws LakeError CONFIG_INVALID with every fault, its line and column */
export function loadLakeConfig(path: string): LakeConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/, .*$/, '') : String(cause);
    const fault = `LAKE_CONFIG: ${path} cannot be read (${reason})`;
    throw new LakeError('CONFIG_INVALID', fault, {
      facts: { faults: [fault] },
      mend: 'LAKE_CONFIG must be the path of a lake.yaml that this user may read.',
      cause,
    });
  }
  return parseLakeConfig(text, path, hookFilesBeside(path));
}

/**
 * @param hookFiles where the texts of hooks are from: the files beside lake.yaml, or those the ledger keeps
 * @throws LakeError CONFIG_INVALID with every fault, its line and column
 */
export function parseLakeConfig(
  text: string,
  path = 'lake.yaml',
  hookFiles: HookFiles = noHooks,
): LakeConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const syntax = document.errors.map(({ linePos, message }) => {
    const { line, col } = linePos?.[0] ?? { line: 1, col: 1 };
    return `${path}:${line}:${col}: ${message.split('\n')[0]?.replace(/ at line .*$/, '') ?? ''}`;
  });
  if (syntax.length > 0) throw invalid(path, syntax);
  if (document.contents === null) throw invalid(path, [`${path}:1:1: the file is empty; ${SMALLEST}`]);
  const result = lakeSchema.safeParse(plainOf(document, path));
  if (!result.success) {
    const found = result.error.issues.flatMap((issue) => schemaFaults(issue, document, keysAt));
    throw invalid(path, faultLines(path, document, lines, found));
  }
  const { domains } = result.data;
  const { hooks, faults } = hooksOf(domains, hookFiles);
  if (faults.length > 0) throw invalid(path, faultLines(path, document, lines, faults));
  return { domains, text, hooks, sha256: identityOf(text, hooks) };
}

/** Aliases are followed here: one without its anchor, or ten levels of ten that would fill the memory, is a fault of the file. */
function plainOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (thrown) {
    throw invalid(path, [`${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`]);
  }
}

/** A configuration as the ledger keeps it, with the hooks it had when it was made active. */
export function parseStoredConfig(stored: {
  readonly text: string;
  readonly hooks: ReadonlyMap<string, string>;
}): LakeConfig {
  return parseLakeConfig(stored.text, 'lake.yaml', (path) => {
    const hook = stored.hooks.get(path);
    if (hook === undefined) throw new Error('it is not kept with this configuration');
    return hook;
  });
}

/** Where things stand in a lake.yaml that is without fault: `file:line:column: place: message`. */
export function lakeLines(text: string, path: string, told: readonly Fault[]): string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return faultLines(path, document, lines, told);
}

const SMALLEST = 'the smallest useful one is `domains: {my-domain: {cases: {"*": {}}}}`';

/** What the file says of a domain. A name from elsewhere may be any word, `constructor` too. */
export function domainOf(config: LakeConfig, domain: string): DomainConfig | undefined {
  return Object.hasOwn(config.domains, domain) ? config.domains[domain] : undefined;
}

/** Whether records of this type of this domain are kept. */
export function isListed(config: LakeConfig, domain: string, kind: RecordKind, type: string): boolean {
  const own = domainOf(config, domain);
  if (own === undefined) return false;
  if (kind === 'location') return own.locations;
  const types = kind === 'case' ? own.cases : own.forms;
  return Object.hasOwn(types, type) || Object.hasOwn(types, ANY_TYPE);
}

/** What the file says of a table, by its name in the lake (case does not count there). */
export function tableConfig(config: LakeConfig, domain: string, tableName: string): TableConfig {
  const own = domainOf(config, domain);
  const name = tableName.toLowerCase();
  const entry = Object.entries(own?.tables ?? {}).find(([each]) => each.toLowerCase() === name);
  return entry?.[1] ?? UNNAMED;
}

/** Whether anything of this kind is kept of a domain: messages of other domains are filtered out first. */
export function isKept(config: LakeConfig, domain: string, kind: RecordKind): boolean {
  const own = domainOf(config, domain);
  if (own === undefined) return false;
  if (kind === 'location') return own.locations;
  return Object.keys(kind === 'case' ? own.cases : own.forms).length > 0;
}

/** The friendly name given to a type in lake.yaml, if any. */
export function friendlyName(
  config: LakeConfig,
  domain: string,
  kind: RecordKind,
  type: string,
): string | undefined {
  const own = domainOf(config, domain);
  if (own === undefined || kind === 'location') return undefined;
  const types = kind === 'case' ? own.cases : own.forms;
  return Object.hasOwn(types, type) ? types[type]?.name : undefined;
}

function invalid(path: string, faults: string[]): LakeError {
  return new LakeError('CONFIG_INVALID', `${path} has ${faultCount(faults)}:\n  ${faults.join('\n  ')}`, {
    facts: { faults },
  });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { LakeError } from '../errors.js';
import type { RecordKind } from '../types.js';

/**
 * `lake.yaml`: which domains, case types and forms are kept, and how (design section 11). Validated as a whole;
 * every fault is listed with its line. Unknown keys are refused, so a typing error is never silently ignored.
 */
const caseOptions = z.strictObject({ name: z.string().min(1).optional() }).nullable();
const formOptions = z.strictObject({ name: z.string().min(1).optional() }).nullable();

const domainSchema = z.strictObject({
  // A level's code is part of column names, and Delta refuses these characters there.
  location_levels: z
    .array(z.string().regex(/^[^ ,;{}()=~\t\n]+$/, 'must be a location type code without blanks or ,;{}()=~'))
    .default([]),
  record_location: z.array(z.enum(['owner', 'user'])).default(['owner', 'user']),
  locations: z.boolean().default(false),
  cases: z.record(z.string(), caseOptions).default({}),
  forms: z.record(z.string(), formOptions).default({}),
  time_zone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Asia/Kolkata').default('UTC'),
});
const lakeSchema = z.strictObject({ domains: z.record(z.string().min(1), domainSchema) });

export type DomainConfig = Readonly<z.infer<typeof domainSchema>>;

export interface LakeConfig {
  readonly domains: Readonly<Record<string, DomainConfig>>;
  /** sha256 of the file's text: the identity of this configuration version. */
  readonly sha256: string;
  readonly text: string;
}

/** Every type of a record kind is taken: `cases: {'*': {}}`. */
const ANY_TYPE = '*';

/** @throws LakeError CONFIG_INVALID with every fault and its line */
export function loadLakeConfig(path: string): LakeConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LakeError('CONFIG_INVALID', `LAKE_CONFIG: ${path} cannot be read`, { cause });
  }
  return parseLakeConfig(text, path);
}

/** @throws LakeError CONFIG_INVALID with every fault and its line */
export function parseLakeConfig(text: string, path = 'lake.yaml'): LakeConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const syntax = document.errors.map(
    (error) => `${path}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`,
  );
  if (syntax.length > 0) throw invalid(path, syntax);
  const result = lakeSchema.safeParse(document.toJS());
  if (!result.success) {
    throw invalid(
      path,
      result.error.issues.map(
        (issue) => `${path}:${lineOf(document, lines, issue.path)}: ${describe(issue)}`,
      ),
    );
  }
  return { domains: result.data.domains, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Whether records of this type of this domain are kept. */
export function isListed(config: LakeConfig, domain: string, kind: RecordKind, type: string): boolean {
  const own = Object.hasOwn(config.domains, domain) ? config.domains[domain] : undefined;
  if (own === undefined) return false;
  if (kind === 'location') return own.locations;
  const types = kind === 'case' ? own.cases : own.forms;
  return Object.hasOwn(types, type) || Object.hasOwn(types, ANY_TYPE);
}

/** Whether anything of this kind is kept of a domain: messages of other domains are filtered out first. */
export function isKept(config: LakeConfig, domain: string, kind: RecordKind): boolean {
  const own = Object.hasOwn(config.domains, domain) ? config.domains[domain] : undefined;
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
  const own = Object.hasOwn(config.domains, domain) ? config.domains[domain] : undefined;
  if (own === undefined || kind === 'location') return undefined;
  const types = kind === 'case' ? own.cases : own.forms;
  return Object.hasOwn(types, type) ? types[type]?.name : undefined;
}

function describe(issue: z.core.$ZodIssue): string {
  const place = issue.path.length === 0 ? 'the file' : issue.path.map(String).join(' > ');
  if (issue.code === 'unrecognized_keys')
    return `${place}: unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  return `${place}: ${issue.message}`;
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
  }
  return 1;
}

function invalid(path: string, faults: string[]): LakeError {
  return new LakeError('CONFIG_INVALID', `${path} has ${faults.length} fault(s):\n  ${faults.join('\n  ')}`, {
    facts: { faults },
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

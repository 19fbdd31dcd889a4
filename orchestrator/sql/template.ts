import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError } from '../errors.js';
import { PACKAGE_ROOT } from '../package-root.js';
import type { Sql } from './text.js';

/**
 * Fills a template of spark-jobs/ingest (or of another folder there, when the name tells it: `aggregate/audit`): `{{name}}`
 * stands for a safe SQL part. Comment lines of the template's head are kept, so that a script explains itself.
 * @throws LakeError INTERNAL when a placeholder has no part, or a part no placeholder
 */
export function fillTemplate(name: string, parts: Readonly<Record<string, Sql>>): Sql {
  const used = new Set<string>();
  const text = templateText(name).replace(/\{\{(\w+)\}\}/g, (_, placeholder: string) => {
    const part = parts[placeholder];
    if (part === undefined)
      throw new LakeError('INTERNAL', `Template ${name}.sql: no part for {{${placeholder}}}`);
    used.add(placeholder);
    return part;
  });
  const unused = Object.keys(parts).filter((placeholder) => !used.has(placeholder));
  if (unused.length > 0)
    throw new LakeError('INTERNAL', `Template ${name}.sql has no {{${unused.join('}}, {{')}}}`);
  return text as Sql;
}

const cache = new Map<string, string>();

function templateText(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const file = `${name.includes('/') ? name : `ingest/${name}`}.sql`;
  const text = readFileSync(join(PACKAGE_ROOT, 'spark-jobs', file), 'utf8').trimEnd();
  cache.set(name, text);
  return text;
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Fault } from './lake-faults.js';
import type { TableConfig } from './table-config.js';

/** Reads a hook by the path that stands in lake.yaml. @throws when there is none */
export type HookFiles = (path: string) => string;

/** A text of lake.yaml alone has no hooks beside it. */
export function noHooks(): never {
  throw new Error('no file stands beside this text');
}

export function hookFilesBeside(lakeYaml: string): HookFiles {
  return (path) => readFileSync(resolve(dirname(lakeYaml), path), 'utf8');
}

type Domains = Readonly<Record<string, { readonly tables: Readonly<Record<string, TableConfig>> }>>;

/** The texts of all hooks that are named, and a fault for each that can't be read. */
export function hooksOf(
  domains: Domains,
  files: HookFiles,
): { readonly hooks: ReadonlyMap<string, string>; readonly faults: readonly Fault[] } {
  const hooks = new Map<string, string>();
  const faults: Fault[] = [];
  for (const { path, at } of hooksNamed(domains)) {
    if (hooks.has(path)) continue;
    try {
      hooks.set(path, files(path));
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message.replace(/, .*$/, '') : String(thrown);
      faults.push({ path: at, at: 'value', message: `"${path}" cannot be read (${reason})` });
    }
  }
  return { hooks, faults };
}

/** Every step that names a hook, with its place in the file. */
function hooksNamed(domains: Domains): { readonly path: string; readonly at: readonly PropertyKey[] }[] {
  return Object.entries(domains).flatMap(([domain, { tables }]) =>
    Object.entries(tables).flatMap(([table, { transforms }]) =>
      transforms.flatMap((step, index) =>
        step.kind === 'hook'
          ? [{ path: step.path, at: ['domains', domain, 'tables', table, 'transforms', index, 'hook'] }]
          : [],
      ),
    ),
  );
}

/** Without hooks the sha256 of the text; with them also of each hook's, so that a changed hook is a changed configuration. */
export function identityOf(text: string, hooks: ReadonlyMap<string, string>): string {
  const own = sha256(text);
  if (hooks.size === 0) return own;
  const lines = [...hooks].map(([path, hook]) => `${sha256(hook)} ${path}`).sort();
  return sha256([own, ...lines].join('\n'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

/** A stack's env.sh: lines `export NAME='value'`, where a quote inside the value is written '\''. */
const EXPORT = /^export ([A-Z][A-Z0-9_]*)=(.*)$/;

/** Its variables; an absent file has none. */
export function readShellExports(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const values: Record<string, string> = {};
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, name, word] = EXPORT.exec(line) ?? [];
    if (name !== undefined && word !== undefined) values[name] = unquote(word);
  }
  return values;
}

/** Sets variables, leaving every other line as it is; the file is its owner's only, for it holds passwords. */
export async function setShellExports(
  path: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const kept = lines.filter((line) => line !== '' && !Object.hasOwn(variables, EXPORT.exec(line)?.[1] ?? ''));
  const added = Object.entries(variables).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  );
  await writeFile(path, `${[...kept, ...added].join('\n')}\n`, { mode: 0o600 });
}

function unquote(word: string): string {
  return word.startsWith("'") && word.endsWith("'") ? word.slice(1, -1).replaceAll(`'\\''`, "'") : word;
}

import { isMap, isScalar, type Document, type LineCounter } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.js';

/** A fault of lake.yaml and where it stands: a path of keys, and whether the key itself is meant or its value. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** What zod found, as faults; each unknown key is one of its own. */
export function schemaFaults(
  issue: z.core.$ZodIssue,
  document: Document,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): Fault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      at: 'key',
      message: `unknown key "${key}"${suggestion(key, known)}; known are ${known.join(', ')}`,
    }));
  }
  if (issue.code === 'invalid_value') {
    const value: unknown = document.getIn(path);
    const allowed = issue.values.map(String);
    const near = typeof value === 'string' ? suggestion(value, allowed) : '';
    return [{ path, at: 'value', message: `must be one of ${allowed.join(', ')}${near}` }];
  }
  return [{ path, at: 'value', message: issue.message.replace(/^Invalid input: /, '') }];
}

/** `file:line:column: place: message` from top to bottom, as editors and terminals link it. */
export function faultLines(
  file: string,
  document: Document,
  lines: LineCounter,
  faults: readonly Fault[],
): string[] {
  return faults
    .map((fault) => ({ fault, start: startOf(document, fault) }))
    .sort((a, b) => a.start - b.start)
    .map(({ fault, start }) => {
      const { line, col } = lines.linePos(start);
      const place = fault.at === 'key' ? fault.path.slice(0, -1) : fault.path;
      const named = place.length === 0 ? '' : `${place.map(String).join(' > ')}: `;
      return `${file}:${line}:${col}: ${named}${fault.message}`;
    });
}

/** Offset of the thing itself, or of the nearest one around it that is there. */
function startOf(document: Document, { path, at }: Fault): number {
  if (at === 'key') {
    const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
      : undefined;
    if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
  }
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') return range[0];
  }
  return 0;
}

function suggestion(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

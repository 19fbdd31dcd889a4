import type { Sql } from './text.js';

/**
 * A Spark string literal; with identifier() the only way a value gets into SQL. Backslash and quote are escaped, and
 * every control character and line separator is written `\uXXXX`, so no literal ever holds a line end: a statement in
 * a script ends at a line that is only `;`.
 */
export function literal(value: string): Sql {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, unicodeEscape);
  return `'${escaped}'` as Sql;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

import { createHash } from 'node:crypto';

/** Where a field stands: keys from the table down, null for "an item of this list". */
export type Path = readonly (string | null)[];

const MOST_ATTEMPTS = 5;

/**
 * The names a field may have (design section 6): its own with what Delta refuses as `~XX`, or marked with a hash of its
 * name or its path, when another had that name before.
 * @param plain keys joined by `__`, with the prefix of the table's columns
 */
export function spellingsOf(plain: string, path: Path): ReadonlySet<string> {
  const own = plain.replace(
    /[\0\t\n ,;{}()=~]|\p{Cs}/gu,
    (letter) => `~${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  const key = JSON.stringify(path);
  const hashed = [plain, key];
  for (let attempt = 2; attempt <= MOST_ATTEMPTS; attempt++) hashed.push(`${attempt}:${key}`);
  const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
  return new Set([own, ...hashed.map((text) => `${own}__${mark(text)}`)]);
}

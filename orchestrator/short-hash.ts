import { createHash } from 'node:crypto';

/** The first hex digits of a name's sha256: what tells names apart that would else be one (design section 6). */
export function shortHash(original: string, digits = 8): string {
  return createHash('sha256').update(original).digest('hex').slice(0, digits);
}

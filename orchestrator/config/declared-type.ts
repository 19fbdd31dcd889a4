/**
 * A type that `lake.yaml` declares for a column (design section 7), as Spark SQL and the Delta log spell it.
 * Everything undeclared is STRING.
 */
export type ScalarType =
  'string' | 'long' | 'double' | 'date' | 'timestamp' | 'boolean' | `decimal(${number},${number})`;

/** `long`: single values of that type, wherever they stand. `list`, `list<long>`: always a list, of one value too. */
export interface DeclaredType {
  readonly list: boolean;
  readonly scalar: ScalarType;
}

const PLAIN: readonly ScalarType[] = ['string', 'long', 'double', 'date', 'timestamp', 'boolean'];
const MOST_DIGITS = 38;

export const TYPE_WORDS =
  'string, long, double, decimal(precision,scale), date, timestamp, boolean, list or list<one of these>';

/** @returns undefined when the text is no type */
export function parseDeclaredType(text: string): DeclaredType | undefined {
  const word = text.replace(/\s+/g, '').toLowerCase();
  if (word === 'list') return { list: true, scalar: 'string' };
  const [, inner] = /^list<(.+)>$/.exec(word) ?? [];
  const scalar = parseScalar(inner ?? word);
  return scalar === undefined ? undefined : { list: inner !== undefined, scalar };
}

function parseScalar(word: string): ScalarType | undefined {
  const plain = PLAIN.find((each) => each === word);
  if (plain !== undefined) return plain;
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(word) ?? [];
  if (precision === undefined || scale === undefined) return undefined;
  const [digits, fraction] = [Number(precision), Number(scale)];
  if (digits < 1 || digits > MOST_DIGITS || fraction > digits) return undefined;
  return `decimal(${digits},${fraction})`;
}

/** Every integer of 64 bits. */
const DIGITS_OF_LONG = 19;

/**
 * Whether each value of `from` is a value of `to` and its text means the same under both. Else the text is needed
 * again: `007` is 7 as a long, and no cast brings the zeros back.
 */
export function isExact(from: ScalarType, to: ScalarType): boolean {
  if (from === to || from === 'string') return true;
  if (from === 'date') return to === 'timestamp';
  const target = digitsOf(to);
  if (target === undefined) return false;
  if (from === 'long') return target.whole >= DIGITS_OF_LONG;
  const source = digitsOf(from);
  return source !== undefined && target.whole >= source.whole && target.scale >= source.scale;
}

/** Digits of a decimal type before and after the point. */
export function digitsOf(type: ScalarType): { whole: number; scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return undefined;
  return { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

/**
 * The name a declaration and a column have in common: lists on the way make no difference, so `form__visits__weight`,
 * `form__visits[].weight` and, once `visits` is a list of structs, its field `weight` are one. Case does not count.
 */
export function declarationKey(name: string): string {
  return name.replaceAll('[].', '__').replaceAll('[]', '').toLowerCase();
}

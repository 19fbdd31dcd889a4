import fc from 'fast-check';
import { createHash } from 'node:crypto';

/** The first 8 hex digits of sha256, by which clashing names are told apart (design section 6). */
export function hex8(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Keys that Spark or Delta take for one another, or that mean something to SQL, JavaScript or a file system. */
export const HOSTILE_KEYS: readonly string[] = [
  ...[
    'DOB',
    'dob',
    'Dob',
    'a-b',
    'a_b',
    'a.b',
    'a:b',
    'a b',
    'a~20b',
    'a/b',
    'é',
    'É',
    'e\u0301',
    'K',
    '\u212a',
  ],
  ...[
    'İ',
    'i',
    'ı',
    'I',
    'i\u0307',
    'ß',
    'ẞ',
    'SS',
    'ας',
    'ΑΣ',
    'ασ',
    'µ',
    'μ',
    'ſ',
    'S',
    'ǅ',
    'ǆ',
    'ᾳ',
    'ᾼ',
  ],
  ...[
    '`',
    '``',
    '`) --',
    "it's",
    '"',
    ';',
    '\n;\n',
    '\r\n',
    '\t',
    '--',
    '/* c */',
    '*/',
    '!shell',
    '${x}',
    '{{updates}}',
  ],
  ...[
    'select',
    'element',
    'key',
    'value',
    'null',
    't',
    's',
    'e2',
    'op',
    'c0',
    '_id',
    '__proto__',
    'constructor',
  ],
  ...[
    '',
    ' ',
    '.',
    '..',
    '~',
    '~20',
    '#text',
    '#list',
    '@id',
    '\u0001',
    '\u007f',
    '\u0085',
    '\u2028',
    '\ufeff',
    '😀',
  ],
  ...['\\', '\\u0041', '\\n', '%41', '$&', "'; DROP TABLE x; --", 'n'.repeat(300)],
];

/** A key: hostile, or anything; and at times spelled like what the hash makes of another. */
export function hostileKey(prefix: string): fc.Arbitrary<string> {
  const plain = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...HOSTILE_KEYS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    // Half surrogate pairs, and NUL: no XML holds them, but JSON may.
    { weight: 1, arbitrary: fc.constantFrom('\0', 'a\0', '\ud800', '\ud801', 'x\udc00') },
  );
  const lookAlike = fc.constantFrom<((key: string) => string)[]>(
    (key: string) => `${key}__${hex8(`${prefix}${key}`)}`,
    (key: string) => `${key}__${hex8(JSON.stringify([key]))}`,
    (key: string) => `${key}__${hex8(`2:${JSON.stringify([key])}`)}`,
  );
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('dob', 'DOB', 'a_b', 'a'), fc.array(lookAlike, { minLength: 1, maxLength: 2 }))
        .map(([key, changes]) => changes.reduce<string>((made, change) => change(made), key)),
    },
  );
}

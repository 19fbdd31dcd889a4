import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

const MB = 1024 * 1024;

/** A document made to do harm, and what may be said of it. */
interface Bomb {
  /** As it lies in the blob store. */
  bytes(): Buffer;
  readonly compressed?: true;
  readonly answer: RegExp;
}

const laughs = (levels: number): string =>
  Array.from({ length: levels }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`).join('');

/** Each is read by the real code in a process of 1.5 GB of heap, which is less than Node takes by itself. */
export const BOMBS = {
  'a form of 100 MB': {
    bytes: () => Buffer.from(`<d><a>canary-4711${'x'.repeat(100 * MB)}</a></d>`),
    answer: /^the blob is larger than 67108864 bytes$/m,
  },
  'gzip that grows to 400 MB': {
    bytes: () => gzipSync(Buffer.concat([Buffer.from('<d>canary-4711'), Buffer.alloc(400 * MB, 'x')])),
    compressed: true,
    answer: /^form XML is larger than 67108864 bytes$/m,
  },
  'entities that grow ten times at ten levels': {
    bytes: () => Buffer.from(`<!DOCTYPE d [<!ENTITY e0 "canary-4711">${laughs(10)}]><d>&e10;</d>`),
    answer: /^form XML does not parse/m,
  },
  'an entity that names a file': {
    bytes: () => Buffer.from('<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>canary-4711&e;</d>'),
    answer: /^form XML does not parse/m,
  },
  'four hundred thousand elements inside one another': {
    bytes: () => Buffer.from(`${'<a>'.repeat(400_000)}canary-4711${'</a>'.repeat(400_000)}`),
    answer: /^form XML nests deeper than 1000 elements$/m,
  },
  'attributes of one name, nine hundred thousand': {
    bytes: () => Buffer.from(`<d${' a="canary-4711"'.repeat(900_000)}/>`),
    answer: /^form XML does not parse/m,
  },
  'five million empty elements': {
    bytes: () => Buffer.from(`<d>${'<a/>'.repeat(5_000_000)}</d>`),
    answer: /^form XML has more than 1000000 tags and attributes$/m,
  },
  'two million names': {
    bytes: () =>
      Buffer.from(`<d>${Array.from({ length: 2_000_000 }, (_, at) => `<q${at}/>`).join('')}canary-4711</d>`),
    answer: /^form XML has more than 1000000 tags and attributes$/m,
  },
  'nearly a million names': {
    bytes: () =>
      Buffer.from(`<d>${Array.from({ length: 999_000 }, (_, at) => `<q${at}/>`).join('')}canary-4711</d>`),
    answer: /^a form$/m,
  },
  'a text of 60 MB of references': {
    bytes: () => Buffer.from(`<d>${'&lt;'.repeat(15 * MB)}</d>`),
    answer: /^a form$/m,
  },
  'an end that never comes': {
    bytes: () => Buffer.from(`<d><![CDATA[${'canary-4711]]'.repeat(4 * MB)}`),
    answer: /^form XML does not parse/m,
  },
  'bytes that are no text': {
    bytes: () =>
      Buffer.concat(
        Array.from({ length: 200_000 }, (_, at) => createHash('md5').update(String(at)).digest()),
      ),
    answer: /^form XML (does not parse|is not valid in its encoding)/m,
  },
} as const satisfies Readonly<Record<string, Bomb>>;

export type BombName = keyof typeof BOMBS;

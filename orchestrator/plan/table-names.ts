import { shortHash } from '../short-hash.js';
import type { RecordKind, Topic } from '../types.js';

/**
 * Names and paths of lake tables (design section 6). Names from HQ are hostile: anything may stand in a domain, a
 * case type or an xmlns. Every result is stable and no two inputs share a path.
 */
export const OPENROSA_PREFIX = 'http://openrosa.org/formdesigner/';

const TOPIC_OF_KIND: Readonly<Record<RecordKind, Topic>> = {
  form: 'form-sql',
  case: 'case-sql',
  location: 'location',
};

/** Hive keeps names of up to 128 characters; this leaves room for the suffix and for `raw_…_case`. */
const LONGEST_NAME = 100;
/** File systems allow 255 bytes in a component; longer ones are cut and end in `~-` and 16 hex digits. */
const LONGEST_COMPONENT = 200;

/** Path of a table's folder, relative to HQ_DATA_PATH. */
export function tablePath(domain: string, kind: RecordKind, type: string): string {
  const last =
    kind === 'form' ? xmlnsComponent(type) : encodeComponent(kind === 'location' ? 'location' : type);
  return `commcare/${encodeComponent(domain)}/${TOPIC_OF_KIND[kind]}/${last}`;
}

function xmlnsComponent(xmlns: string): string {
  if (xmlns.startsWith(OPENROSA_PREFIX)) return encodeComponent(xmlns.slice(OPENROSA_PREFIX.length));
  return cut(`~~${encodeBytes(xmlns)}`, xmlns);
}

/** `[A-Za-z0-9._-]` stand as they are, any other byte is `~XX`; the empty name is `~`, a leading dot `~2E`. */
export function encodeComponent(name: string): string {
  if (name === '') return '~';
  const encoded = encodeBytes(name);
  return cut(encoded.startsWith('.') ? `~2E${encoded.slice(1)}` : encoded, name);
}

function encodeBytes(name: string): string {
  return [...Buffer.from(name, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._-]/.test(character)
        ? character
        : `~${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function cut(encoded: string, original: string): string {
  if (encoded.length <= LONGEST_COMPONENT) return encoded;
  const digest = shortHash(original, 16);
  return `${encoded.slice(0, LONGEST_COMPONENT - 18)}~-${digest}`;
}

/** Database of a domain; `taken` says whether another domain has the name already (ignoring case). */
export function databaseName(domain: string, taken: (name: string) => boolean): string {
  return freeName('commcarehq_', domain, '', domain, taken);
}

/** Name of a table; `taken` says whether another table of the database has the name already (ignoring case). */
export function tableName(
  kind: RecordKind,
  type: string,
  friendly: string | undefined,
  taken: (name: string) => boolean,
): string {
  if (kind === 'location') return 'raw_location';
  const base = friendly ?? (kind === 'form' ? type.slice(type.lastIndexOf('/') + 1) : type);
  return freeName('raw_', base, kind === 'case' ? '_case' : '_form', type, taken);
}

/** Spark allows `[A-Za-z0-9_]`: `-` becomes `_`; any other change, an over-long name or a clash adds `_` and 8 hex. */
function freeName(
  before: string,
  base: string,
  after: string,
  original: string,
  taken: (name: string) => boolean,
): string {
  const dashed = base.replaceAll('-', '_');
  const plain = dashed.replace(/[^A-Za-z0-9_]/gu, '_').slice(0, LONGEST_NAME);
  const unchanged = plain === dashed && plain !== '';
  const name = `${before}${plain}${after}`;
  if (unchanged && !taken(name.toLowerCase())) return name;
  for (let attempt = 1; ; attempt++) {
    // A hostile type may spell the marked name of another one: then the next mark is tried.
    const mark = shortHash(attempt <= 2 ? original : `${attempt}:${original}`, attempt === 1 ? 8 : 16);
    const marked = `${before}${plain}_${mark}${after}`;
    if (!taken(marked.toLowerCase())) return marked;
  }
}

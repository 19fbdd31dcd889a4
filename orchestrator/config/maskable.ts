import { FIXED_COLUMNS, levelColumns, type FixedType } from '../shape/fixed-columns.js';
import { foldCase } from '../shape/fold-case.js';
import { didYouMean } from './did-you-mean.js';

/** `hash`: a keyed hash of the text. `year`: the year of a date. `drop`: nothing at all. */
export const MASK_WAYS = ['hash', 'year', 'drop'] as const;
export type MaskWay = (typeof MASK_WAYS)[number];

/** Columns by which a record is found, ordered and stored: their values are never personal and never changed. */
const UNTOUCHED = ['_id', '_rev', '_batch', 'month', 'domain', 'doc_type', 'type', 'xmlns'] as const;

const FREE_PART = /^(form|case_json|metadata)__./i;
const INDICES = /^indices(?:$|(?:\[\]\.|__)(?:identifier|referenced_id|referenced_type|relationship)$)/i;
/** Columns of location levels, whose codes a table's transforms don't know: `<level>_id`, `<level>_name` … */
const LEVEL_TYPES = [...(levelColumns('location', ['any']).get('any') ?? [])].map(
  ([suffix, { type }]) => [suffix, type] as const,
);

/** HQ's own fields; the types of a name that several kinds have are the same. */
const FIELD_TYPES = new Map<string, FixedType>(
  Object.values(FIXED_COLUMNS)
    .flat()
    .map(({ name, type }) => [name, type]),
);

/** Why a name can be no column of any table; undefined when it can. */
export function columnFault(name: string): string | undefined {
  if (FREE_PART.test(name) || INDICES.test(name) || typeOf(name) !== undefined) return undefined;
  const near = didYouMean(name, [...FIELD_TYPES.keys(), 'location_id', 'indices']);
  return (
    `"${name}" is no column${near === undefined ? '' : ` (did you mean "${near}"?)`}: those of the record begin with ` +
    "form__, case_json__ or metadata__, HQ's own have the names of the lake"
  );
}

/** Why a column can't be masked so; undefined when it can. */
export function maskFault(name: string, way: MaskWay): string | undefined {
  const key = foldCase(name);
  if (UNTOUCHED.some((column) => column === key))
    return `"${name}" can't be masked: by ${UNTOUCHED.join(', ')} a record is found and stored`;
  if (way === 'drop' || FREE_PART.test(name)) return undefined;
  if (INDICES.test(name)) return way === 'hash' ? undefined : `"${name}" holds no date`;
  const type = typeOf(name);
  if (way === 'hash' && type !== 'STRING')
    return `"${name}" is a ${type ?? ''} and has no text to hash; year or drop`;
  if (way === 'year' && type !== 'STRING' && type !== 'TIMESTAMP')
    return `"${name}" is a ${type ?? ''}, no date; drop`;
  return undefined;
}

function typeOf(name: string): FixedType | 'DATE' | undefined {
  const key = foldCase(name);
  const known = FIELD_TYPES.get(key);
  if (known !== undefined) return known;
  if (key === '_rev') return 'TIMESTAMP';
  if (key === 'month') return 'DATE';
  if (key === '_batch') return 'INT';
  // A level named like a field of HQ's has `__` and 8 hex digits behind.
  const bare = key.replace(/__[0-9a-f]{8}$/, '');
  return (
    LEVEL_TYPES.find(([suffix]) => bare.length > suffix.length && bare.endsWith(suffix))?.[1] ??
    (key === '_id' ? 'STRING' : undefined)
  );
}

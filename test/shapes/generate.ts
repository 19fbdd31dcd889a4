import fc from 'fast-check';
import { hostileKey } from '../helpers/hostile-keys.js';
import { Spelled, type Tree, type Value } from './tree.js';

/** What the fields of one table are called, and how often a path holds what. */
export interface Habits {
  readonly keys: readonly string[];
  readonly weights: Readonly<Record<Kind, number>>;
}

type Kind = 'null' | 'text' | 'other' | 'object' | 'list';

/** Levels of objects and lists in each other. Each level multiplies the columns of a table. */
const DEPTH = 3;
const KEYS_PER_TABLE = 4;
const ITEMS = 3;

const TEXTS = [
  '',
  ' ',
  'text',
  'true',
  'null',
  '1',
  '1.0',
  '-0',
  '1e3',
  '٣',
  'NaN',
  '2024-02-30',
  '2024-01-31',
  '10:30',
];
const MORE_TEXTS = [
  '2024-01-31T10:30:00.000000Z',
  '{"a": "b"}',
  '["a"]',
  "it's ${x}; --",
  '😀',
  '\u2028',
  '\\N',
  'é\u0301',
];
const NUMBERS = [
  '0',
  '-0',
  '7',
  '1.0',
  '2.50',
  '1e2',
  '-1E+30',
  '12345678901234567890',
  '0.1000000000000000055',
];

/** Lists come seldom in some tables: then a path is a text or an object for long before it is promoted. */
const weights = fc.record({
  null: fc.constantFrom(1, 3),
  text: fc.constantFrom(8, 20),
  other: fc.constantFrom(2, 8),
  object: fc.constantFrom(0, 1, 4, 10),
  list: fc.constantFrom(0.02, 0.2, 2, 8),
});

export const caseHabits: fc.Arbitrary<Habits> = fc.record({
  keys: fc.uniqueArray(hostileKey('case_json__'), { minLength: 2, maxLength: KEYS_PER_TABLE }),
  weights,
});

/** Of two keys that lake.yaml can name, and two that are anything. */
export const namedHabits: fc.Arbitrary<Habits> = fc.record({
  keys: fc
    .tuple(
      fc.uniqueArray(fc.constantFrom('weight', 'dob', 'visits', 'a__b'), { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(hostileKey('case_json__'), { maxLength: 2 }),
    )
    .map(([named, others]) => [...new Set([...named, ...others])]),
  weights,
});

/** Any JSON object, as case_json may hold it. */
export function caseTree(habits: Habits): fc.Arbitrary<Tree> {
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS, ...MORE_TEXTS) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
    { weight: 1, arbitrary: fc.nat().map((number) => `value ${number}`) },
  );
  const other = fc.oneof(
    fc.boolean(),
    fc.constantFrom(...NUMBERS).map((number) => new Spelled(number)),
  );
  const value = (depth: number): fc.Arbitrary<Value> => {
    const leaf = [
      { weight: share(habits.weights.null), arbitrary: fc.constant<Value>(null) },
      { weight: share(habits.weights.text), arbitrary: text },
      { weight: share(habits.weights.other), arbitrary: other },
    ];
    if (depth === 0) return fc.oneof(...leaf);
    return fc.oneof(
      ...leaf,
      { weight: share(habits.weights.object), arbitrary: tree(depth - 1) },
      { weight: share(habits.weights.list), arbitrary: fc.array(value(depth - 1), { maxLength: ITEMS }) },
    );
  };
  const tree = (depth: number): fc.Arbitrary<Tree> =>
    fc
      .tuple(
        ...habits.keys.map((key) =>
          fc.option(value(depth), { freq: 2, nil: undefined }).map((each) => [key, each] as const),
        ),
      )
      .map(present);
  return tree(DEPTH);
}

/** fast-check wants whole weights. */
function share(weight: number): number {
  return Math.round(weight * 100);
}

function present(entries: readonly (readonly [string, Value | undefined])[]): Tree {
  return new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** Names an element may have; HQ's `meta` and `case` mean something, and are left out. */
const ELEMENTS = [
  'DOB',
  'dob',
  'a',
  'a__b',
  'b',
  'x-1.2',
  'question',
  'é',
  'नाम',
  '_',
  'select',
  'constructor',
  'i',
  'ı',
];

export const formHabits: fc.Arbitrary<Habits> = fc.record({
  keys: fc.uniqueArray(fc.constantFrom(...ELEMENTS), { minLength: 2, maxLength: KEYS_PER_TABLE }),
  weights,
});

/**
 * What HQ makes of a form's XML (its nine rules): a text; an object of attributes, children and text that is not blank;
 * a list where an element came more than once. No null, no list in a list.
 */
export function formTree(habits: Habits): fc.Arbitrary<Tree> {
  const text = fc.constantFrom(...TEXTS, ...MORE_TEXTS, ...NUMBERS);
  const inner = fc.constantFrom('inner', '1.0', '2024-01-31', ' x ');
  const attribute = fc.option(fc.constantFrom('1', '', 'two words', '"<&'), { freq: 2, nil: undefined });
  const single = (depth: number): fc.Arbitrary<Value> =>
    depth === 0
      ? text
      : fc.oneof(
          { weight: share(habits.weights.text + habits.weights.other), arbitrary: text },
          { weight: share(habits.weights.object), arbitrary: object(depth - 1) },
        );
  const value = (depth: number): fc.Arbitrary<Value> =>
    fc.oneof(
      { weight: share(habits.weights.text + habits.weights.object), arbitrary: single(depth) },
      {
        weight: share(habits.weights.list),
        arbitrary: fc.array(single(depth), { minLength: 2, maxLength: ITEMS + 1 }),
      },
    );
  const fields = (depth: number): fc.Arbitrary<Tree> =>
    fc
      .tuple(
        ...habits.keys.map((key) =>
          fc.option(value(depth), { freq: 2, nil: undefined }).map((each) => [key, each] as const),
        ),
      )
      .map(present);
  const object = (depth: number): fc.Arbitrary<Value> =>
    fc
      .tuple(attribute, fields(depth), fc.option(inner, { freq: 2, nil: undefined }))
      .map(([id, children, own]): Value => {
        const made = present([['@id', id], ...children, ['#text', own]]);
        // An element with text alone is that text.
        return made.size === 0 ? '' : made.size === 1 && own !== undefined ? own : made;
      });
  return fields(DEPTH);
}

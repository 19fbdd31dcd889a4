import type { Condition, Tests } from '../config/transforms.js';
import type { RecordKind, Upsert } from '../types.js';
import { columnValues } from './column-values.js';

/**
 * Whether a record is kept. Of a list one value that passes all tests is enough; `is_not` and `not_in` want none of
 * them, so that a record without the column passes those.
 */
export function recordFilter(
  kind: RecordKind,
  levels: readonly string[],
  keep: Condition,
): (record: Upsert) => boolean {
  if ('any' in keep) {
    const any = keep.any.map((each) => recordFilter(kind, levels, each));
    return (record) => any.some((each) => each(record));
  }
  if ('all' in keep) {
    const all = keep.all.map((each) => recordFilter(kind, levels, each));
    return (record) => all.every((each) => each(record));
  }
  const values = columnValues(kind, levels, keep.column);
  const { present } = keep.tests;
  const [wanted, unwanted] = [wantedOf(keep.tests), unwantedOf(keep.tests)];
  return (record) => {
    const found = values(record);
    // Of a phone's form '' is what "not answered" looks like.
    if (present !== undefined && found.some((value) => value !== '') !== present) return false;
    if (wanted !== undefined && !found.some(wanted)) return false;
    return !found.some(unwanted);
  };
}

/** Undefined when nothing is said of what a value has to be. */
function wantedOf(tests: Tests): ((value: string) => boolean) | undefined {
  const { is, matches, above, at_least: least, at_most: most, below } = tests;
  const among = tests.in?.map(String);
  const pattern = matches === undefined ? undefined : new RegExp(matches, 'u');
  const checks: ((value: string) => boolean)[] = [
    ...(is === undefined ? [] : [(value: string) => value === String(is)]),
    ...(among === undefined ? [] : [(value: string) => among.includes(value)]),
    ...(pattern === undefined ? [] : [(value: string) => pattern.test(value)]),
    ...compared(above, (order) => order > 0),
    ...compared(least, (order) => order >= 0),
    ...compared(most, (order) => order <= 0),
    ...compared(below, (order) => order < 0),
  ];
  return checks.length === 0 ? undefined : (value) => checks.every((check) => check(value));
}

function unwantedOf(tests: Tests): (value: string) => boolean {
  const unwanted = [...(tests.is_not === undefined ? [] : [tests.is_not]), ...(tests.not_in ?? [])].map(
    String,
  );
  return (value) => unwanted.includes(value);
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/** Against a number only a number counts; against a text the order of letters, which is that of ISO dates. */
function compared(
  bound: string | number | undefined,
  holds: (order: number) => boolean,
): ((value: string) => boolean)[] {
  if (bound === undefined) return [];
  if (typeof bound === 'number') return [(value) => NUMBER.test(value) && holds(Number(value) - bound)];
  return [(value) => value !== '' && holds(value < bound ? -1 : Number(value > bound))];
}

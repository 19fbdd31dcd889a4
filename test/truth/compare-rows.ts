import type { Row, Value } from './world.js';

/** One thing that is not as it must be. */
export interface Difference {
  readonly kind: 'missing' | 'extra' | 'differs';
  /** The row's keys, as JSON. */
  readonly key: string;
  readonly column?: string;
  readonly expected?: Value;
  readonly actual?: Value;
}

const RELATIVE = 1e-9;

/**
 * Whether two sets of rows are the same, each row as often as in the other. Columns that no expected row has are not
 * looked at; one that the actual rows lack differs from everything.
 */
export function compareRows(
  expected: readonly Row[],
  actual: readonly Row[],
  keys: readonly string[],
): Difference[] {
  const columns = [...new Set(expected.flatMap((row) => Object.keys(row)))];
  const theirs = groupBy(actual, keys);
  const differences: Difference[] = [];
  for (const [key, mine] of groupBy(expected, keys)) {
    const found = theirs.get(key) ?? [];
    theirs.delete(key);
    differences.push(...compareGroup(key, mine, found, columns));
  }
  for (const [key, rows] of theirs) differences.push(...compareGroup(key, [], rows, columns));
  return differences;
}

/** Rows of one key: those that agree go off against each other, what is left is compared in pairs. */
function compareGroup(
  key: string,
  expected: readonly Row[],
  actual: readonly Row[],
  columns: readonly string[],
): Difference[] {
  const left = [...actual];
  const open = expected.filter((row) => {
    const at = left.findIndex((other) => columns.every((column) => areEqual(row[column], other[column])));
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [
    ...open.flatMap((row, at): Difference[] => {
      const other = left[at];
      if (other === undefined) return [{ kind: 'missing', key }];
      return columns
        .filter((column) => !areEqual(row[column], other[column]))
        .map((column) => ({
          ...{ kind: 'differs', key, column, expected: row[column] ?? null },
          ...(other[column] === undefined ? {} : { actual: other[column] }),
        }));
    }),
    ...left.slice(open.length).map((): Difference => ({ kind: 'extra', key })),
  ];
}

/** A number may stand as text where the other has it as a number; undefined (no such column) equals nothing. */
function areEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined) return b === undefined || b === null;
  if (b === undefined) return false;
  if (a === b) return true;
  if (a === null || b === null || (typeof a !== 'number' && typeof b !== 'number')) return false;
  if (a === '' || b === '') return false;
  const [left, right] = [Number(a), Number(b)];
  return Math.abs(left - right) <= RELATIVE * Math.max(Math.abs(left), Math.abs(right));
}

function groupBy(rows: readonly Row[], keys: readonly string[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(
      Object.fromEntries(
        keys.map((column) => {
          const value = row[column] ?? null;
          return [column, value === null ? null : String(value)];
        }),
      ),
    );
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import type { JsonObject, JsonValue } from '../../../orchestrator/types.js';
import { declaredTypes } from '../../helpers/declared-types.js';
import { rowsByOtherEngine, type TableRows } from '../../oracle/oracle.js';
import { ShapeLake } from './shape-lake.js';

/** What happens to a field of a case: two records, and the types declared when each was merged. */
interface Change {
  readonly first: JsonValue;
  readonly second: JsonValue;
  readonly from?: string;
  readonly to?: string;
}

interface Field extends Change {
  readonly field: string;
}

const OF_SHAPE: readonly Change[] = [
  { first: 'a', second: ['b', 'c'] },
  { first: ['a', 'b'], second: 'c' },
  { first: { y: 'a' }, second: 'b' },
  { first: { y: 'a' }, second: [{ y: 'b' }, { z: 'c' }] },
  { first: 'a', second: { y: 'b' } },
  { first: ['a'], second: [{ y: 'b' }, 'c'] },
  { first: 'a', second: [['b', 'c'], 'd'] },
  { first: '', second: [] },
  { first: 'a', second: ['b'], from: 'list', to: 'list' },
];

const OF_TYPE: readonly Change[] = [
  { first: '007', second: 'x', to: 'long' },
  { first: 'x', second: '7', to: 'long' },
  { first: '', second: '7', to: 'long' },
  { first: '2.50', second: '1e400', to: 'double' },
  { first: '2.50', second: '2.505', to: 'decimal(5,2)' },
  { first: '2020-02-29', second: '2021-02-29', to: 'date' },
  { first: '2020-01-01T10:00:00+05:30', second: '2020-01-01', to: 'timestamp' },
  { first: 'yes', second: 'maybe', to: 'boolean' },
  { first: ['1', 'x'], second: '2', to: 'list<long>' },
  { first: '1', second: ['2', 'x'], from: 'long', to: 'long' },
  { first: '2.50', second: '7', from: 'double', to: 'long' },
  { first: 'x', second: '7.5', from: 'long', to: 'double' },
  { first: '2020-01-01', second: '2020-01-01T10:00:00Z', from: 'date', to: 'timestamp' },
  { first: '007', second: '8', from: 'long', to: 'decimal(21,2)' },
  { first: '2.50', second: '7', from: 'double' },
];

const PAGE = join(PACKAGE_ROOT, 'orchestrator', 'shape', 'datatype-changes.md');
const HEAD = `# What happens when a datatype changes

Made by \`test/integration/shape/datatype-changes.test.ts\` on a real Spark and read back by delta-rs (UPDATE_GOLDEN=1 writes it
anew). A case's field \`x\` comes in two batches; the row of the first record is shown before and after the second batch, which
rewrites the table where a column changes its type. Rows whose old text a type had lost (marked *again*) are then read from
HQ once more and hold what HQ holds; this page shows them before that.
`;

describe('the page of datatype changes', () => {
  let lake: ShapeLake;
  before(async () => {
    lake = await ShapeLake.open();
  });
  after(async () => {
    await lake.close();
  });

  test('is what the lake does', async () => {
    // Each change is a field of its own in one table, so that all of them take two batches.
    const changes = [...OF_SHAPE, ...OF_TYPE].map((change, at) => ({ ...change, field: `x${at}` }));
    const typesOf = (which: 'from' | 'to'): Record<string, string> =>
      Object.fromEntries(
        changes.flatMap((change) => {
          const type = change[which];
          return type === undefined ? [] : [[`case_json__${change.field}`, type]];
        }),
      );
    const treeOf = (which: 'first' | 'second'): JsonObject =>
      Object.fromEntries(changes.map((change) => [change.field, change[which]]));
    const one = lake.table('changes');
    const read = (): Promise<TableRows> => rowsByOtherEngine(process.env, join(lake.root, one.path));
    one.declared = declaredTypes(typesOf('from'));
    await lake.merge([[one, [{ id: 'first', tree: treeOf('first') }]]]);
    const then = await read();
    one.declared = declaredTypes(typesOf('to'));
    await lake.merge([[one, [{ id: 'second', tree: treeOf('second') }]]]);
    const now = await read();
    const lines = changes.map((change) => line(change, then, now));
    const page = [HEAD, '## Shapes', '', ...table(lines.slice(0, OF_SHAPE.length))];
    page.push('', '## Declared types', '', ...table(lines.slice(OF_SHAPE.length)), '');
    const text = page.join('\n');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, text);
    assert.equal(text, readFileSync(PAGE, 'utf8'), 'run with UPDATE_GOLDEN=1 and look at the difference');
  });
});

function table(lines: readonly string[]): string[] {
  const head = [
    'declared',
    'first record',
    'its row',
    'second record',
    "first record's row now",
    "second record's row",
    '`_rescued`',
  ];
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...lines];
}

function line(change: Field, then: TableRows, now: TableRows): string {
  const declared =
    change.from === change.to ? (change.from ?? '-') : `${change.from ?? '-'} → ${change.to ?? '-'}`;
  const cells = [
    declared,
    code(change.first),
    row(then, 'first', change.field),
    code(change.second),
    `${row(now, 'first', change.field)}${isLost(change) ? ' *again*' : ''}`,
    row(now, 'second', change.field),
    ['first', 'second']
      .map((id) => rescued(now, id, change.field))
      .filter((text) => text !== '')
      .join(', ') || '-',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The first record's text is not what its typed value says. */
function isLost({ from, to }: Change): boolean {
  return (
    from !== undefined &&
    from !== 'list' &&
    from !== to &&
    !(from === 'date' && to === 'timestamp') &&
    to !== 'decimal(21,2)'
  );
}

function row(rows: TableRows, id: string, field: string): string {
  const own = Object.entries(rowOf(rows, id)).filter(
    ([name, value]) => isOf(name.slice('case_json__'.length), field) && value !== null,
  );
  if (own.length === 0) return '-';
  return own
    .map(([name, value]) => `\`x${name.slice(`case_json__${field}`.length)}\` ${code(value)}`)
    .join(', ');
}

function rescued(rows: TableRows, id: string, field: string): string {
  const texts = (rowOf(rows, id)['_rescued'] ?? {}) as Record<string, string>;
  const own = Object.entries(texts).filter(([key]) => isOf(key.slice('case_json__'.length), field));
  if (own.length === 0) return '';
  const place = (key: string): string => `x${key.slice(`case_json__${field}`.length)}`;
  return `${id}: ${code(Object.fromEntries(own.map(([key, text]) => [place(key), text])))}`;
}

function rowOf(rows: TableRows, id: string): Readonly<Record<string, unknown>> {
  return rows.rows.find((each) => each['_id'] === id) ?? assert.fail(`no row ${id}`);
}

/** `x1`, `x1__y` and `x1[0]` are of the field `x1`; `x10` is not. */
function isOf(name: string, field: string): boolean {
  return name.startsWith(field) && !/^[0-9]/.test(name.slice(field.length));
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rowsByOtherEngine, type TableRows } from '../../oracle/oracle.js';
import type { JsonObject } from '../../../orchestrator/types.js';
import { declaredTypes } from '../../helpers/declared-types.js';
import { valueOfText } from '../../helpers/declared-values.js';
import { ShapeLake, type ShapeTable } from './shape-lake.js';

const TYPES = ['long', 'double', 'decimal(5,2)', 'date', 'timestamp', 'boolean', 'string'] as const;

/** Texts near the border of every type, on either side of it. */
const TEXTS = [
  ...[
    '',
    ' ',
    '0',
    '7',
    '007',
    '-0',
    '+5',
    '1.0',
    '1.50',
    '.5',
    '5.',
    '.',
    '1e3',
    '1E-400',
    '1e400',
    '1d',
    '0x1p3',
  ],
  ...['NaN', 'Infinity', '9223372036854775807', '9223372036854775808', '123456789012345678901234567890'],
  ...[
    '999.99',
    '999.990',
    '999.994',
    '1000',
    '0000999.9',
    '-999.99',
    ' 5',
    '5 ',
    '5\n',
    '١',
    '1,000',
    '1_000',
  ],
  ...['2020-02-29', '2021-02-29', '2020-2-9', '0001-01-01', '2020-01-01 ', '20200101', '2020', '2020-01'],
  ...['2020-01-01T10:11:12Z', '2020-01-01T10:11:12.123456Z', '2020-01-01T10:11:12.1234567Z'],
  ...[
    '2020-01-01 10:11',
    '2020-01-01T10:11:12+05:30',
    '2020-01-01T10:11:12.5+0530',
    '2020-01-01T10:11:12-02',
  ],
  ...['2020-01-01T24:00:00Z', '2020-01-01T10:11:12+99:00', '2020-13-01T00:00:00Z', 'T10:11:12'],
  ...['true', 'TRUE', 'yes', 'No', 'false', 'y', 'on', '😀', "it's", 'null'],
];

describe('declared types', () => {
  let lake: ShapeLake;
  before(async () => {
    lake = await ShapeLake.open();
  });
  after(async () => {
    await lake.close();
  });

  const read = (table: ShapeTable): Promise<TableRows> =>
    rowsByOtherEngine(process.env, join(lake.root, table.path));
  const byId = ({ rows }: TableRows): ReadonlyMap<unknown, Readonly<Record<string, unknown>>> =>
    new Map(rows.map((row) => [row['_id'], row]));

  test('every text is a value of its type or rescued, in columns, in lists and in structs of lists; and comes back', async () => {
    const table = lake.table('casts');
    const declared = Object.fromEntries(
      TYPES.flatMap((type, at) => [
        [`case_json__s${at}`, type],
        [`case_json__l${at}`, `list<${type}>`],
        [`case_json__o__f${at}`, type],
      ]),
    );
    const documents = TEXTS.map((text, row) => {
      const tree: JsonObject = {
        o: [{ f0: '1' }, Object.fromEntries(TYPES.map((_, at) => [`f${at}`, text]))],
      };
      for (const at of TYPES.keys()) {
        tree[`s${at}`] = text;
        tree[`l${at}`] = row % 2 === 0 ? text : ['7', text, null];
      }
      return { id: `d${row}`, tree };
    });
    const half = Math.floor(documents.length / 2);
    // Half of the rows come before the types are declared, half after: both ways end alike.
    await lake.merge([[table, documents.slice(0, half)]]);
    table.declared = declaredTypes(declared);
    await lake.merge([[table, documents.slice(half)]]);
    const typed = byId(await read(table));
    for (const [row, text] of TEXTS.entries()) {
      const seen = typed.get(`d${row}`) ?? assert.fail(`d${row} is not there`);
      const rescued: Record<string, string> = {};
      for (const [at, type] of TYPES.entries()) {
        const value = valueOfText(text, type);
        const key = (place: string): void => {
          if (value === null) rescued[place] = text;
        };
        assert.deepEqual(seen[`case_json__s${at}`], value, `${JSON.stringify(text)} as ${type}`);
        key(`case_json__s${at}`);
        const list = row % 2 === 0 ? [value] : [valueOfText('7', type), value, null];
        assert.deepEqual(seen[`case_json__l${at}`], list, `${JSON.stringify(text)} in a list of ${type}`);
        key(`case_json__l${at}[${row % 2 === 0 ? 0 : 1}]`);
        if (row % 2 === 1 && valueOfText('7', type) === null) rescued[`case_json__l${at}[0]`] = '7';
        const [, item] = seen['case_json__o'] as Record<string, unknown>[];
        assert.deepEqual(item?.[`f${at}`], value, `${JSON.stringify(text)} in a struct as ${type}`);
        key(`case_json__o[1].f${at}`);
      }
      assert.deepEqual(seen['_rescued'] ?? {}, rescued, `rescued of ${JSON.stringify(text)}`);
    }
    // Without declarations all texts that no value had taken come back from `_rescued`, which goes.
    table.declared = new Map();
    await lake.merge([[table, [{ id: 'last', tree: {} }]]]);
    const back = await read(table);
    assert.ok(!('_rescued' in back.types));
    for (const [row, text] of TEXTS.entries()) {
      const seen = byId(back).get(`d${row}`) ?? assert.fail();
      for (const [at, type] of TYPES.entries())
        if (valueOfText(text, type) === null || type === 'string')
          assert.equal(seen[`case_json__s${at}`], text, `${JSON.stringify(text)} out of ${type}`);
    }
  });

  test('a typed column that becomes a list, and a list whose texts become structs, keep values and rescued texts', async () => {
    const table = lake.table('promoted');
    table.declared = declaredTypes({ case_json__x: 'long', case_json__y: 'double' });
    await lake.merge([
      [
        table,
        [
          { id: 'a', tree: { x: '5', y: ['1.5', 'tall'] } },
          { id: 'b', tree: { x: 'five', y: ['2'] } },
        ],
      ],
    ]);
    await lake.merge([[table, [{ id: 'c', tree: { x: ['6', 'six'], y: [{ unit: 'cm' }, '3'] } }]]]);
    const seen = await read(table);
    const rows = byId(seen);
    assert.deepEqual(rows.get('a')?.['case_json__x'], ['5']);
    assert.deepEqual(rows.get('b')?.['case_json__x'], [null]);
    assert.deepEqual(rows.get('b')?.['_rescued'], { 'case_json__x[0]': 'five' });
    assert.deepEqual(rows.get('c')?.['case_json__x'], ['6', null]);
    const text = (value: number | null): unknown => ({ '#text': value, unit: null });
    assert.deepEqual(rows.get('a')?.['case_json__y'], [text(1.5), text(null)]);
    assert.deepEqual(rows.get('a')?.['_rescued'], { 'case_json__y[1].#text': 'tall' });
    assert.deepEqual(rows.get('c')?.['case_json__y'], [{ '#text': null, unit: 'cm' }, text(3)]);
    assert.deepEqual(rows.get('c')?.['_rescued'], { 'case_json__x[1]': 'six' });
  });

  test('names with brackets, dots and quotes have keys of their own in `_rescued`', async () => {
    const table = lake.table('keys');
    const name = "x[0].it's";
    table.declared = declaredTypes({ [`case_json__${name}`]: 'long', case_json__x: 'list<long>' });
    await lake.merge([[table, [{ id: 'a', tree: { [name]: 'one', 'x[0]': 'free', x: ['two', '3'] } }]]]);
    const row = byId(await read(table)).get('a') ?? assert.fail('no row');
    assert.deepEqual(row['_rescued'], { [`case_json__x~5B0].it's`]: 'one', 'case_json__x[0]': 'two' });
    assert.deepEqual(row['case_json__x[0]'], 'free');
  });
});

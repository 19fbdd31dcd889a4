import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readColumns } from '../../../../orchestrator/commit/checkpoint/parquet.js';
import { PACKAGE_ROOT } from '../../../../orchestrator/package-root.js';

/** Written by Spark: version 20 of a table of cases, with nine files. */
const FILE = join(PACKAGE_ROOT, 'test', 'unit', 'commit', 'checkpoint', 'spark.checkpoint.parquet');
const bytes = new Uint8Array(readFileSync(FILE));
const COLUMNS = [
  'txn.version',
  'add.path',
  'add.size',
  'add.stats',
  'add.partitionValues.key_value.key',
  'add.partitionValues.key_value.value',
  'add.deletionVector.cardinality',
];

test("a checkpoint of Spark's is read column by column, a row at a time", () => {
  const columns = readColumns(bytes, COLUMNS);
  const rowsOf = (column: string): unknown[] =>
    (columns.get(column) ?? assert.fail(column)).map(([cell]) => cell);
  assert.equal(new Set(COLUMNS.map((column) => rowsOf(column).length)).size, 1, 'all have the same rows');
  const paths = rowsOf('add.path').filter((path) => path !== null);
  assert.equal(paths.length, 9);
  for (const path of paths)
    assert.match(
      typeof path === 'string' ? path : '',
      /^month=2024-05-01\/part-0000\d-[0-9a-f-]{36}\.c000\.snappy\.parquet$/,
    );
  const present = (column: string): unknown[] => rowsOf(column).filter((cell) => cell !== null);
  assert.equal(
    present('add.size').reduce<bigint>((sum, size) => sum + BigInt(String(size)), 0n),
    309_512n,
    'as the commits say',
  );
  assert.deepEqual(new Set(present('add.partitionValues.key_value.key')), new Set(['month']));
  assert.deepEqual(new Set(present('add.partitionValues.key_value.value')), new Set(['2024-05-01']));
  for (const stats of present('add.stats')) assert.ok(JSON.parse(String(stats)));
  assert.deepEqual(present('add.deletionVector.cardinality'), []);
  assert.equal(present('txn.version').length, 1);
});

test('a column that the file lacks is left out', () => {
  assert.deepEqual([...readColumns(bytes, ['add.nothing', 'add.path']).keys()], ['add.path']);
});

test('a checkpoint that is cut off or damaged is refused or read, but never takes the process with it', () => {
  for (let length = 0; length < bytes.length; length += 997)
    assert.throws(() => readColumns(bytes.subarray(0, length), COLUMNS), RangeError);
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let time = 0; time < 400; time++) {
    const damaged = bytes.slice();
    for (let flip = 0; flip < 3; flip++) damaged[random(bytes.length)] = random(256);
    // The footer decides where everything is: it gets half of the damage.
    if (time % 2 === 0) damaged[bytes.length - 1 - random(4_000)] = random(256);
    try {
      readColumns(damaged, COLUMNS);
    } catch (thrown) {
      assert.ok(thrown instanceof RangeError, `${String(thrown)}, flip ${time}`);
    }
  }
});

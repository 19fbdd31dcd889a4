import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDeltaFiles, rewriteFigure, tablesIn } from '../../bench/merge/delta-files.js';

/** As Spark writes them. */
const METRICS = { numTargetRowsInserted: '1', numTargetRowsUpdated: '3', numTargetRowsCopied: '7' };

test('a file that gets a deletion vector is not written again, and its deleted rows are gone', (t) => {
  const table = mkdtempSync(join(tmpdir(), 'dimagi-lake-files-'));
  t.after(() => {
    rmSync(table, { recursive: true });
  });
  mkdirSync(join(table, '_delta_log'));
  const file = (path: string, size: number, numRecords: number): object => ({
    ...{ path, size, stats: JSON.stringify({ numRecords }) },
  });
  const vector = { storageType: 'u', pathOrInlineDv: 'x', offset: 1, sizeInBytes: 40, cardinality: 3 };
  const commits = [
    [{ commitInfo: { operation: 'WRITE' } }, { add: file('a', 1_000, 10) }, { add: file('b', 500, 5) }],
    [
      { add: { ...file('a', 1_000, 10), deletionVector: vector } },
      { commitInfo: { operation: 'MERGE', operationMetrics: METRICS } },
      { remove: { path: 'a' } },
      { remove: { path: 'b' } },
      { add: file('c', 300, 3) },
    ],
  ];
  for (const [version, actions] of commits.entries())
    writeFileSync(
      join(table, '_delta_log', `${String(version).padStart(20, '0')}.json`),
      actions.map((action) => JSON.stringify(action)).join('\n'),
    );
  assert.deepEqual(readDeltaFiles(table), {
    commits: [
      { operation: 'WRITE', changed: 0, bytesWritten: 1_500 },
      { operation: 'MERGE', changed: 4, bytesWritten: 340 },
    ],
    rows: 10,
    bytes: 1_300,
    files: 2,
  });
  // 340 bytes for four rows of 130 bytes.
  assert.equal(rewriteFigure('it', [table]).value, 340 / 520);
  assert.equal(rewriteFigure('it', [table], 5).value, 340 / 520);
  assert.deepEqual(tablesIn(table), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveFile } from '../../../orchestrator/commit/live-files.js';
import {
  duePartitions,
  inStatements,
  OPTIMIZE_RULE,
  whyVacuum,
  type DuePartition,
} from '../../../orchestrator/maintenance/rule.js';

const MB = 1024 * 1024;

function files(month: string | null, count: number, file: Partial<LiveFile> = {}): LiveFile[] {
  return Array.from({ length: count }, (_, at) => ({
    path: `month=${month}/part-${at}`,
    partition: { month },
    ...{ bytes: MB, rows: 1_000, deletedRows: 0, ...file },
  }));
}

function labels(due: readonly DuePartition[]): string[] {
  return due.map(({ label }) => label);
}

test('a month is due from so many small files on, and one file less is left alone', () => {
  const { smallFiles } = OPTIMIZE_RULE;
  const table = [...files('2026-01-01', smallFiles), ...files('2026-02-01', smallFiles - 1)];
  assert.deepEqual(labels(duePartitions(table)), ['month=2026-01-01']);
});

test('the more there is to rewrite, the more small files it takes to pay for it', () => {
  const table = (count: number): LiveFile[] => files('2026-01-01', count, { bytes: 4 * MB });
  assert.deepEqual(duePartitions(table(60)), [], '240 MB cost 72 s, 60 merges have wasted 58 s');
  assert.deepEqual(labels(duePartitions(table(80))), ['month=2026-01-01']);
});

test('large files are no small ones, however many', () => {
  assert.deepEqual(duePartitions(files('2026-01-01', 500, { bytes: OPTIMIZE_RULE.minFileBytes })), []);
});

test('a month is due by its deleted rows when it is large enough for them to matter', () => {
  const half = { bytes: 100 * MB, rows: 1_000, deletedRows: 500 };
  assert.deepEqual(labels(duePartitions(files('2026-01-01', 1, half))), ['month=2026-01-01']);
  assert.deepEqual(duePartitions(files('2026-01-01', 1, { ...half, deletedRows: 499 })), []);
  assert.deepEqual(duePartitions(files('2026-01-01', 1, { ...half, bytes: 63 * MB })), []);
});

test('many months with a few small files each are due together, because a merge reads the keys of all', () => {
  const months = Array.from({ length: 40 }, (_, at) => `20${10 + at}-01-01`);
  const table = months.flatMap((month) => files(month, OPTIMIZE_RULE.smallFilesThen));
  assert.equal(duePartitions(table).length, 40);
  assert.deepEqual(duePartitions(table.slice(0, OPTIMIZE_RULE.tableSmallFiles / 2)), []);
});

test('months of one small file each are never due: there is nothing to put together', () => {
  const table = Array.from({ length: 600 }, (_, at) => `${1_900 + at}-01-01`).flatMap((month) =>
    files(month, 1),
  );
  assert.deepEqual(duePartitions(table), []);
});

test('what OPTIMIZE leaves is not due again', () => {
  // A month of 40 files of 60 MB becomes files of up to 256 MB, the last of which may be small; none is hollow.
  const after = [
    ...files('2026-01-01', 9, { bytes: 250 * MB, deletedRows: 100 }),
    ...files('2026-01-01', 1, { bytes: 60 * MB, deletedRows: 100 }),
  ];
  assert.deepEqual(duePartitions(after), []);
});

test('a table without partitions and a month that is unknown are partitions like any other', () => {
  const whole = files(null, 40).map((file) => ({ ...file, partition: {} }));
  assert.deepEqual(labels(duePartitions(whole)), ['']);
  assert.deepEqual(labels(duePartitions(files(null, 40))), ['month=__HIVE_DEFAULT_PARTITION__']);
});

test('statements are as large as a merge may wait for, but one month always goes whole', () => {
  const due = duePartitions([
    ...files('2026-01-01', 64, { bytes: 2 * MB }),
    ...files('2026-02-01', 39),
    ...files('2026-03-01', 38),
    ...files('2026-04-01', 37, { bytes: MB / 2 }),
  ]);
  assert.deepEqual(inStatements(due, { ...OPTIMIZE_RULE, bytesAtOnce: 100 * MB }).map(labels), [
    ['month=2026-01-01'],
    ['month=2026-02-01', 'month=2026-03-01', 'month=2026-04-01'],
  ]);
});

test('VACUUM is due by files, by bytes or by time, and not twice a night', () => {
  const facts = { tableBytes: 1_000, hoursSinceLast: 24 };
  const removable = { files: 0, bytes: 0, isPartial: false };
  assert.equal(whyVacuum({ ...facts, removable }), undefined);
  assert.equal(whyVacuum({ ...facts, removable: { ...removable, files: 99, bytes: 249 } }), undefined);
  assert.match(whyVacuum({ ...facts, removable: { ...removable, files: 100 } }) ?? '', /100 files/);
  assert.match(whyVacuum({ ...facts, removable: { ...removable, files: 1, bytes: 250 } }) ?? '', /250 bytes/);
  const many = { ...removable, files: 1_000 };
  assert.equal(whyVacuum({ ...facts, hoursSinceLast: 2, removable: many }), undefined);
  assert.match(
    whyVacuum({ ...facts, hoursSinceLast: 31 * 24, removable: { ...removable, files: 1 } }) ?? '',
    /30 days/,
  );
  assert.equal(whyVacuum({ ...facts, hoursSinceLast: 31 * 24, removable }), undefined);
  const partial = { ...removable, isPartial: true };
  assert.match(whyVacuum({ ...facts, hoursSinceLast: null, removable: partial }) ?? '', /none yet/);
});

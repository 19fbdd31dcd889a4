import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTableFiles, type LiveFile } from '../../orchestrator/commit/live-files.js';
import { countsOf } from '../../orchestrator/maintenance/rule.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { maintenanceAtHand, requireSameFiles } from '../helpers/maintenance-at-hand.js';

const TABLE = 'form-sql/visit';
const DAY_MS = 86_400_000;

test('a table of many small merges is compacted where it is due, vacuumed by age, and no row of it changes', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  const { context, ...maintenance } = maintenanceAtHand(t, lake, {
    optimize: { smallFiles: 3 },
    vacuum: { files: 1 },
  });
  const path = `commcare/${lake.domain}/${TABLE}`;
  const live = async (): Promise<readonly LiveFile[]> =>
    (await readTableFiles(context.lake, path))?.files ?? assert.fail('there is no table');
  const inMonth = (files: readonly LiveFile[], month: string): readonly LiveFile[] =>
    files.filter((file) => file.partition['month'] === month);
  const [first = '', second = ''] = await submitVisits(lake, 4);
  await submitVisits(lake, 1, '2026-01-03T10:00:00.000000Z');
  await lake.ingestAll(['form-sql']);
  // Each a merge: the large file gets a vector, and the file of the first edit goes with the last one.
  await editVisit(lake, first, '3');
  await editVisit(lake, second, '4');
  await editVisit(lake, first, '5');
  await lake.ingestAll(['form-sql'], { MAX_RECORDS_TO_PROCESS: '1' });
  const before = await live();

  await t.test('the log as we read it is the table as another engine reads it', async () => {
    await requireSameFiles(lake, TABLE, before);
    assert.ok(countsOf(before).vectors > 0, 'edits have left deletion vectors');
  });

  await t.test('only the month with many small files is due, and only it is rewritten', async () => {
    const [due] = await maintenance.look();
    assert.deepEqual(
      due?.due.partitions.map(({ label }) => label),
      ['month=2026-02-01'],
    );
    const changesBefore = await sourceChanges(lake);
    const [report] = await maintenance.work();
    assert.equal(report?.failure, null);
    assert.deepEqual(
      report.statements.map(({ kind, end }) => [kind, end?.state, end?.failure]),
      [['optimize', 'done', null]],
    );
    const after = await live();
    assert.deepEqual(countsOf(inMonth(after, '2026-02-01')), {
      files: 1,
      bytes: inMonth(after, '2026-02-01')[0]?.bytes,
      ...{ vectors: 0, deletedRows: 0 },
    });
    assert.deepEqual(inMonth(after, '2026-01-01'), inMonth(before, '2026-01-01'), 'the other month stays');
    assert.deepEqual(await sourceChanges(lake), changesBefore, 'no month of an aggregation became stale');
    await lake.requireEqual();
    const { rows } = await lake.ledger.query(
      `SELECT kind, state, files_before::int - files_after::int AS fewer, deleted_rows_before::int AS purged, deleted_rows_after::int AS "left"
       FROM maintenance_run`,
    );
    const fewer = inMonth(before, '2026-02-01').length - 1;
    assert.deepEqual(rows, [
      { kind: 'optimize', state: 'done', fewer, purged: countsOf(before).deletedRows, left: 0 },
    ]);
  });

  await t.test('a second look finds nothing due', async () => {
    const versions = lake.deltaVersions();
    const [report] = await maintenance.work();
    assert.deepEqual([report?.due.partitions, report?.due.vacuum, report?.statements], [[], null, []]);
    assert.deepEqual(lake.deltaVersions(), versions);
  });

  await t.test('VACUUM deletes the files that old versions alone needed, and no other', async () => {
    const folder = join(lake.folder, path);
    const removed = removedFiles(folder);
    const optimized = removed.at(-1)?.version ?? assert.fail('nothing was removed');
    ageBefore(folder, optimized);
    const old = removed.filter(({ version }) => version < optimized).map((each) => each.path);
    const kept = new Set((await live()).map((file) => file.path));
    const recent = removed.filter(({ version }) => version === optimized).map((each) => each.path);
    const gone = [...new Set(old)].filter((each) => !kept.has(each) && !recent.includes(each));
    assert.ok(gone.length > 0, 'a file of an edit was removed by a later one');
    const stray = 'month=2026-02-01/part-00000-of-a-writer-that-died.snappy.parquet';
    writeFileSync(join(folder, stray), 'half a file');
    age(join(folder, stray));
    const filesBefore = dataFiles(folder);
    const [report] = await maintenance.work();
    assert.deepEqual(
      report?.statements.map(({ kind, end }) => [kind, end?.state, end?.failure]),
      [['vacuum', 'done', null]],
    );
    const deleted = filesBefore.filter((name) => !dataFiles(folder).includes(name));
    assert.ok(deleted.includes(stray), 'what a dead writer has left is gone');
    for (const each of gone)
      assert.ok(deleted.includes(each), `${each} is needed by no version within reach`);
    for (const each of [...kept, ...recent]) assert.ok(!deleted.includes(each), `${each} is still needed`);
    assert.equal(report.statements[0]?.end?.done?.vacuumed?.files, deleted.length);
    await lake.requireEqual();
  });
});

async function sourceChanges(lake: FreshLake): Promise<unknown[]> {
  const { rows } = await lake.ledger.query<object>('SELECT * FROM source_change ORDER BY table_id, month');
  return rows;
}

interface Removed {
  readonly version: number;
  readonly path: string;
}

interface Action {
  readonly remove?: { readonly path: string };
}

function commitNames(folder: string): string[] {
  return readdirSync(join(folder, '_delta_log'))
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort();
}

/** Paths whose file, or whose file with another vector, a commit has removed. */
function removedFiles(folder: string): Removed[] {
  return commitNames(folder).flatMap((name) =>
    readFileSync(join(folder, '_delta_log', name), 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => {
        const { remove } = JSON.parse(line) as Action;
        return remove === undefined ? [] : [{ version: Number(name.slice(0, 20)), path: remove.path }];
      }),
  );
}

/** Time goes by: all commits before a version, and every file, are ten days older. The log has no checkpoint yet. */
function ageBefore(folder: string, version: number): void {
  for (const name of commitNames(folder)) {
    if (Number(name.slice(0, 20)) >= version) continue;
    const file = join(folder, '_delta_log', name);
    const older = (text: string): string => String(Number(text) - 10 * DAY_MS);
    const text = readFileSync(file, 'utf8').replace(
      /("(?:deletionTimestamp|timestamp)":)(\d{13})/g,
      (_, key: string, time: string) => key + older(time),
    );
    writeFileSync(file, text);
  }
  for (const name of dataFiles(folder)) age(join(folder, name));
}

function age(file: string): void {
  const then = new Date(Date.now() - 10 * DAY_MS);
  utimesSync(file, then, then);
}

function dataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      !name.startsWith('_delta_log') &&
      !name.split('/').at(-1)?.startsWith('.') &&
      statSync(join(folder, name)).isFile(),
  );
}

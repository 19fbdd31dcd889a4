import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, ONE_PARTITION, updateCases } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';

const CASES = ['case-sql'] as const;
const ONE_BY_ONE = { MAX_RECORDS_TO_PROCESS: '1' };

test('changes of one record that are planned in different batches end as the last one says', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION });
  const [kept = ''] = await createCases(lake, 'child', 1);

  await t.test('a delete planned after an upsert that was staged before it: the row is gone', async () => {
    const [gone = ''] = await createCases(lake, 'child', 1);
    const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-staging' });
    assert.equal(died.signal, 'SIGKILL', died.stderr);
    await lake.hq.deleteCases(lake.domain, [gone]);
    await lake.ingestAll(CASES);
    assert.deepEqual(await totals(lake), { child: { inserted: 2, updated: 0, deleted: 1, refused: 0 } });
    await requireRight(lake);
  });

  await t.test('create, update, delete and undelete, a batch for each message: the row stands', async () => {
    const [back = ''] = await createCases(lake, 'child', 1);
    await updateCases(lake, [back], { weight: '4' });
    await lake.hq.deleteCases(lake.domain, [back]);
    await lake.ingestAll(CASES, ONE_BY_ONE);
    await lake.hq.undeleteCases(lake.domain, [back]);
    await lake.ingestAll(CASES, ONE_BY_ONE);
    await requireRight(lake);
  });

  await t.test('a changed case type moves the row to the other table and leaves none behind', async () => {
    const [mother = ''] = await createCases(lake, 'mother', 1);
    await updateCases(lake, [kept], { case_type: 'mother' });
    await lake.ingestAll(CASES);
    await requireRight(lake);
    await updateCases(lake, [kept, mother], { case_type: 'child' });
    await lake.ingestAll(CASES, ONE_BY_ONE);
    await requireRight(lake);
    await requireNothingLeft(lake, CASES);
  });

  await t.test(
    'a case that changed its type and is then deleted, in two batches, is in neither table',
    async () => {
      const [both = ''] = await createCases(lake, 'child', 1);
      await lake.ingestAll(CASES);
      await updateCases(lake, [both], { case_type: 'mother' });
      const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-staging' });
      assert.equal(died.signal, 'SIGKILL', died.stderr);
      await lake.hq.deleteCases(lake.domain, [both]);
      await lake.ingestAll(CASES);
      await requireRight(lake);
    },
  );
});

test('an older revision never overwrites a newer one, is counted as refused and read again once', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION });
  const [id = '', other = ''] = await createCases(lake, 'child', 2);
  await updateCases(lake, [id], { weight: '5' });
  await lake.ingestAll(CASES);
  const toYear2020 = (revision: string): string => revision.replace(/^\d{4}/, '2020');
  const newest = await revise(lake, id, '3', toYear2020);

  await t.test(
    'refused twice: by the batch of its message, and by the page that reads it again',
    async () => {
      await lake.hq.republish([id, other]);
      const { code, stdout, stderr } = await lake.ingest('case-sql');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /"refused": 2/);
      assert.deepEqual(await pages(lake), [{ kind: 'reread', ids: 1, refused: 1 }]);
      assert.equal(await rescued(lake), 'the lake differs from HQ in server_modified_on, weight');
    },
  );

  await t.test('what HQ showed was an old copy: the page brings what it shows then, unasked', async () => {
    await lake.hq.republish([id]);
    const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-commit' });
    assert.equal(died.signal, 'SIGKILL', died.stderr);
    // The same revision as the lake's, which is allowed to overwrite; nothing is announced.
    await revise(lake, id, '6', () => newest);
    await lake.ingestAll(CASES);
    await requireRight(lake);
    assert.deepEqual(await pages(lake), [
      { kind: 'reread', ids: 1, refused: 1 },
      { kind: 'reread', ids: 1, refused: 0 },
    ]);
  });
});

test('forms and cases that are edited, archived, deleted, brought back and purged end as HQ holds them', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig, partitions: ONE_PARTITION });
  const [edited = '', archived = '', gone = '', purged = '', twice = ''] = await submitVisits(lake, 6);
  const [lost = '', found = '', wiped = ''] = await createCases(lake, 'child', 4);
  await lake.ingestAll(['form-sql', 'case-sql']);
  await requireRight(lake);

  await editVisit(lake, edited, '3.5');
  await editVisit(lake, twice, '3.6');
  await editVisit(lake, twice, '3.7');
  await lake.hq.archiveForm(archived);
  await lake.hq.deleteForms(lake.domain, [gone, purged]);
  await lake.hq.purgeForms(lake.domain, [purged]);
  await lake.hq.deleteCases(lake.domain, [lost, found, wiped]);
  await lake.hq.purgeCases(lake.domain, [wiped]);
  await lake.ingestAll(['form-sql', 'case-sql']);
  await requireRight(lake);
  assert.deepEqual(await totals(lake), {
    visit: { inserted: 6, updated: 2, deleted: 3, refused: 0 },
    child: { inserted: 4, updated: 0, deleted: 3, refused: 0 },
  });

  await lake.hq.unarchiveForm(archived);
  await lake.hq.undeleteForms(lake.domain, [gone]);
  await lake.hq.undeleteCases(lake.domain, [found]);
  await lake.hq.republish([edited, lost]);
  await lake.ingestAll(['form-sql', 'case-sql']);
  await requireRight(lake);
  await requireNothingLeft(lake, ['form-sql', 'case-sql']);
});

async function requireRight(lake: FreshLake): Promise<void> {
  await lake.requireEqual();
  await requireExactlyOnce(lake);
}

/** What the merges did so far, by table. */
async function totals(lake: FreshLake): Promise<Record<string, unknown>> {
  const { rows } = await lake.ledger.query<{ name: string }>(
    `SELECT regexp_replace(t.table_name, '^raw_(.*)_(case|form)$', '\\1') AS name, sum(inserted)::int AS inserted,
       sum(updated)::int AS updated, sum(deleted)::int AS deleted, sum(refused)::int AS refused
     FROM lane l JOIN lake_table t ON t.id = l.table_id GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, ...counts }) => [name, counts]));
}

/** Batches that no message asked for. */
async function pages(lake: FreshLake): Promise<readonly object[]> {
  const { rows } = await lake.ledger.query<object>(
    `SELECT b.kind, b.ids, sum(l.refused)::int AS refused FROM batch b JOIN lane l ON l.batch_id = b.id
     WHERE b.kind <> 'live' GROUP BY b.id ORDER BY b.sequence`,
  );
  return rows;
}

/** Writes a case's row behind HQ's back, with another revision. @returns the old revision */
async function revise(
  lake: FreshLake,
  id: string,
  weight: string,
  revision: (old: string) => string,
): Promise<string> {
  const { databases } = lake.hq.context;
  const pool = databases.pool(databases.shardOf(id));
  const { rows } = await pool.query<{ old: string }>(
    'SELECT server_modified_on AS old FROM form_processor_commcarecasesql WHERE case_id = $1',
    [id],
  );
  const old = rows[0]?.old ?? '';
  await pool.query(
    `UPDATE form_processor_commcarecasesql
     SET server_modified_on = $2, case_json = (case_json::jsonb || jsonb_build_object('weight', $3::text))::json
     WHERE case_id = $1`,
    [id, revision(old), weight],
  );
  return old;
}

/** The columns in which the lake differs: it holds the newer row still. */
async function rescued(lake: FreshLake): Promise<string> {
  const report = await lake.oracle();
  const columns = report.tables.flatMap((table) => table.differing.cells.map((cell) => cell.column));
  const own = columns
    .filter((column) => !column.startsWith('_'))
    .map((column) => column.replace('case_json__', ''));
  return `the lake differs from HQ in ${[...new Set(own)].sort().join(', ')}`;
}

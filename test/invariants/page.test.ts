import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, ONE_PARTITION } from '../helpers/case-domain.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { until } from '../helpers/until.js';

const CASES = ['case-sql'] as const;

/**
 * A page is ids that no message names just now (here: a replay). Read while a case lives, merged after its delete, it
 * would bring the case back. The guard is the order of a table's merges, in the view `runnable_lane`; the second test
 * takes it out and shows what stands behind it.
 */
test('a page read before a delete and merged after it was announced leaves no ghost', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION });
  const gone = await stagedPageThenDelete(lake);
  const running = lake.start('case-sql');
  await deleteIs(lake, 'staged');
  await releasePage(lake);
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(await mergesOf(lake), ['live', 'replay', 'live'], 'the delete waited for the page');
  assert.ok(!(await isInLake(lake, gone)));
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, CASES);
});

test('were the order of merges lost, the page would be refused by its number: a halted table, no ghost', async (t) => {
  const lake = await freshLake(t, { config: casesConfig, partitions: ONE_PARTITION });
  const gone = await stagedPageThenDelete(lake);
  await lake.ledger.query(
    `CREATE OR REPLACE VIEW runnable_lane AS SELECT l.id, l.batch_id FROM lane l JOIN lake_table t ON t.id = l.table_id
     WHERE l.state IN ('staged', 'submitted', 'failed') AND t.state = 'running'`,
  );
  const running = lake.start('case-sql');
  await deleteIs(lake, 'committed');
  await releasePage(lake);
  const { code, stderr } = await running.ended;
  assert.equal(code, 5, stderr);
  assert.match(stderr, /LEDGER_BEHIND_LAKE/);
  assert.ok(!(await isInLake(lake, gone)));
});

/** A case that is set aside, mended and read by a page; then, before the page is merged, deleted in HQ. */
async function stagedPageThenDelete(lake: FreshLake): Promise<string> {
  const [, gone = ''] = await createCases(lake, 'child', 3);
  const { databases } = lake.hq.context;
  const shard = databases.pool(databases.shardOf(gone));
  const update = 'UPDATE form_processor_commcarecasesql SET case_json = $2 WHERE case_id = $1';
  await shard.query(update, [gone, '{"weight": ']);
  await lake.ingestAll(CASES);
  await shard.query(update, [gone, '{"weight": "4"}']);
  const replay = await dimagiLake(lake, 'quarantine', 'replay');
  assert.match(JSON.stringify(replay), /"records":1/);
  const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-staging' });
  assert.equal(died.signal, 'SIGKILL', died.stderr);
  await lake.hq.deleteCases(lake.domain, [gone]);
  // As if an attempt to merge the page had failed: the next one is due when the test says so.
  const { rowCount } = await lake.ledger.query(
    "UPDATE batch SET next_attempt_at = 'infinity' WHERE kind = 'replay' AND state = 'staged'",
  );
  assert.equal(rowCount, 1, 'the page is staged');
  return gone;
}

async function deleteIs(lake: FreshLake, state: string): Promise<void> {
  await until(`the batch of the delete is ${state}`, async () => {
    const { rows } = await lake.ledger.query<{ state: string }>(
      'SELECT state FROM batch ORDER BY sequence OFFSET 2',
    );
    return rows[0]?.state === state;
  });
}

async function releasePage(lake: FreshLake): Promise<void> {
  await lake.ledger.query("UPDATE batch SET next_attempt_at = now() WHERE kind = 'replay'");
}

/** Kinds of the batches in the order in which the Delta log holds their merges. */
async function mergesOf(lake: FreshLake): Promise<string[]> {
  const { rows } = await lake.ledger.query<{ kind: string }>(
    'SELECT b.kind FROM lane l JOIN batch b ON b.id = l.batch_id ORDER BY l.delta_version',
  );
  return rows.map((row) => row.kind);
}

async function isInLake(lake: FreshLake, id: string): Promise<boolean> {
  const report = await lake.oracle();
  const extra = report.tables.flatMap((table) => table.extra.ids);
  return extra.includes(id);
}

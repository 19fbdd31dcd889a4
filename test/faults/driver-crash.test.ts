import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, loadCases, updateCases, type CaseDomain } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';

test('drivers that die right after a commit are followed by others, and each change is in the lake once', async (t) => {
  const lake = await freshLake(t, { cold: true, config: casesConfig });
  const domain = await loadCases(lake);
  await t.test(
    'every driver of a first load dies after its first commit: the next goes on from there',
    async () => {
      await ingestWithDying(lake, 1);
    },
  );
  await t.test('dies after the last commit of a batch: nothing is done again', async () => {
    await happen(lake, domain);
    await ingestWithDying(lake, 2);
  });
  await t.test('dies between the lanes of a batch with a new table: only what lacks is done', async () => {
    await happen(lake, domain);
    await createCases(lake, 'mother', 2);
    await updateCases(lake, domain.mothers, { moved: 'yes' });
    await ingestWithDying(lake, 3);
  });
});

async function ingestWithDying(lake: FreshLake, afterCommit: number): Promise<void> {
  await lake.ingestAll(['case-sql'], { SPARK_DRIVER_FAULT: `halt-after-commit:${afterCommit}` });
  assert.ok((await lostRuns(lake)) > 0, 'a driver died and its run was taken from it');
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['case-sql']);
}

/** Runs of the newest batch that were taken from a driver that had died. */
async function lostRuns(lake: FreshLake): Promise<number> {
  const { rows } = await lake.ledger.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM run
     WHERE state = 'voided' AND reason LIKE 'its driver ended as%' AND batch_id = (SELECT max(id) FROM batch)`,
  );
  return rows[0]?.n ?? 0;
}

async function happen(lake: FreshLake, { children, mothers }: CaseDomain): Promise<void> {
  await updateCases(lake, [...children.slice(0, 2), ...mothers.slice(0, 2)], { weight: '9' });
}

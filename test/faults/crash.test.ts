import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casesConfig, createCases, loadCases, updateCases, type CaseDomain } from '../helpers/case-domain.js';
import { AT_POINT, newestBatch, type BatchPoint } from '../helpers/crash-facts.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';

const POINTS = Object.keys(AT_POINT) as BatchPoint[];
/** A driver of its own for the run, so that `create` is called and not left to a warm one. */
const NEEDS_CREATE: readonly BatchPoint[] = ['after-create'];

test('an orchestrator killed with -9 at any point of a batch leaves, once restarted, each change in the lake once', async (t) => {
  const lake = await freshLake(t, { config: casesConfig });
  const domain = await loadCases(lake);
  await lake.ingestAll(['case-sql']);
  for (const [turn, point] of POINTS.entries()) {
    await t.test(
      `killed ${point}: same rows, one MERGE per table, and a further run adds no commit`,
      async () => {
        await killedAt(lake, domain, turn, point);
      },
    );
  }
});

async function killedAt(lake: FreshLake, domain: CaseDomain, turn: number, point: BatchPoint): Promise<void> {
  await happen(lake, domain, turn);
  const before = lake.commits();
  const died = await lake.ingest('case-sql', {
    DIMAGI_LAKE_CRASH_AT: point,
    ...(NEEDS_CREATE.includes(point) ? { SPARK_WARM_SECONDS: '0' } : {}),
  });
  assert.equal(died.signal, 'SIGKILL', `it did not die: code ${died.code ?? ''}\n${died.stderr}`);
  const batch = await newestBatch(lake);
  assert.ok(AT_POINT[point](batch), `it died elsewhere: ${JSON.stringify(batch)}`);
  await lake.ingestAll(['case-sql']);
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  const after = lake.commits();
  for (const table of ['case-sql/child', 'case-sql/mother']) {
    const added = (after.get(table) ?? []).slice(before.get(table)?.length ?? 0);
    assert.deepEqual(
      added.map((commit) => commit.operation).filter((operation) => operation !== 'ADD COLUMNS'),
      ['MERGE'],
      `commits of ${table}`,
    );
  }
  const versions = lake.deltaVersions();
  await lake.ingestAll(['case-sql']);
  assert.deepEqual(lake.deltaVersions(), versions, 'a further run adds no commit');
}

/** An insert, an update and a delete that touch both tables; every other turn brings a new column too. */
async function happen(lake: FreshLake, { children, mothers }: CaseDomain, turn: number): Promise<void> {
  await createCases(lake, 'child', 1);
  const [gone] = await createCases(lake, 'mother', 1);
  await updateCases(lake, [children[turn % children.length] ?? '', mothers[turn % mothers.length] ?? ''], {
    weight: String(turn),
    ...(turn % 2 === 0 ? { [`seen_${turn}`]: 'yes' } : {}),
  });
  if (gone !== undefined) await lake.hq.deleteCases(lake.domain, [gone]);
}

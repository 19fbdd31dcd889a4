import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashPoint } from '../../orchestrator/crash-point.js';
import { identifier } from '../../orchestrator/sql/identifier.js';
import { sql } from '../../orchestrator/sql/text.js';
import { openLakeSpark } from '../bench/lake-spark.js';
import { dimagiLake, runVerb } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { until } from '../helpers/until.js';

/** Where the process dies, and how its row ends once another has looked. */
const POINTS: readonly [point: CrashPoint, state: string][] = [
  ['maintenance-opened', 'gave_way'],
  ['maintenance-ran', 'done'],
];

test('maintenance whose process or driver is killed leaves a whole table, and the next look ends it', async (t) => {
  // No driver stays: one without the fault would take the run from the one that has it.
  const lake = await freshLake(t, { cold: true, config: visitsConfig });
  const [first = ''] = await submitVisits(lake, 120);
  await lake.ingestAll(['form-sql']);

  for (const [point, state] of POINTS) {
    await t.test(`the process is killed at ${point}`, async () => {
      await scatter(lake);
      const killed = await runVerb({ env: { ...lake.env, DIMAGI_LAKE_CRASH_AT: point } }, 'maintenance');
      assert.equal(killed.code, null, killed.stderr);
      assert.deepEqual((await runs(lake)).at(-1), { state: 'running', purpose: 'optimize' });
      const before = await count(lake);
      await until('what the dead process left is ended', async () => {
        await dimagiLake(lake, 'maintenance');
        const left = (await runs(lake)).filter((run) => run.state === 'running');
        return left.length === 0;
      });
      assert.equal((await runs(lake))[before - 1]?.state, state);
      await requireCompact(lake);
    });
  }

  await t.test('the driver dies right after its commit: the log tells that the work is done', async () => {
    await scatter(lake);
    const fault = { SPARK_DRIVER_FAULT: 'halt-after-commit:1' };
    await dimagiLake({ ...lake, env: { ...lake.env, ...fault } }, 'maintenance');
    const { rows } = await lake.ledger.query<{ state: string }>(
      'SELECT state FROM run WHERE maintenance_run_id IS NOT NULL ORDER BY maintenance_run_id DESC LIMIT 1',
    );
    assert.deepEqual(rows, [{ state: 'voided' }], 'the driver left no end of its run');
    assert.deepEqual((await runs(lake)).at(-1), { state: 'done', purpose: 'optimize' });
    await requireCompact(lake);
  });

  await t.test(
    'a statement that fails changes nothing, is told, and the next one does the work',
    async () => {
      await scatter(lake);
      const fault = { SPARK_DRIVER_FAULT: 'fail-statement:6' };
      const end = await runVerb({ env: { ...lake.env, ...fault } }, 'maintenance');
      assert.equal(end.code, 1, end.stderr);
      assert.deepEqual((await runs(lake)).at(-1), { state: 'failed', purpose: 'optimize' });
      await lake.requireEqual();
      await dimagiLake(lake, 'maintenance');
      await requireCompact(lake);
    },
  );

  await t.test('merges go on afterwards', async () => {
    await editVisit(lake, first, '7');
    await lake.ingestAll(['form-sql']);
    await lake.requireEqual();
    await requireExactlyOnce(lake);
  });
});

/** The same rows in many files: what months of small merges come to. */
async function scatter(lake: FreshLake): Promise<void> {
  const spark = openLakeSpark(lake);
  const table = identifier(`${spark.environment.HQ_DATA_PATH}/commcare/${lake.domain}/form-sql/visit`);
  try {
    await spark.run(
      sql`INSERT OVERWRITE delta.${table} SELECT /*+ REPARTITION(64, \`_id\`) */ * FROM delta.${table}`,
    );
  } finally {
    await spark.close();
  }
}

async function requireCompact(lake: FreshLake): Promise<void> {
  await lake.requireEqual();
  const report = (await dimagiLake(lake, 'maintenance', '--dry-run')) as {
    tables: { due: { partitions: unknown[] }; version: string }[];
  };
  assert.deepEqual(
    report.tables.map((table) => table.due.partitions),
    [[]],
    'nothing is due any more',
  );
}

interface RunRow {
  readonly state: string;
  readonly purpose: string;
}

async function runs(lake: FreshLake): Promise<RunRow[]> {
  const { rows } = await lake.ledger.query<RunRow>(
    'SELECT state, kind AS purpose FROM maintenance_run ORDER BY id',
  );
  return rows;
}

async function count(lake: FreshLake): Promise<number> {
  return (await runs(lake)).length;
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { lakeRows } from '../helpers/lake-rows.js';
import { loadSmallProgramme } from '../helpers/small-programme.js';
import { deltaName, sparkSql } from '../helpers/spark-sql.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { until } from '../helpers/until.js';
import { ServiceManager } from './random/service-manager.js';
import { requireRight, type Judged } from './random/verdict.js';

const TABLE = 'case-sql/child_care';

/** A harness that calls every run right is worth nothing: each thing that it looks for is done to a run that is right. */
test('the verdict over a fault run sees every kind of damage', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  await lake.ingestAll();
  const readSince = lake.clock.next();
  const stack = stackVariable('TEST_STACK_DIR');
  const right: Judged = { lake, stack, manager: new ServiceManager(lake.env) };
  const isWrong = async (told: RegExp, judged = right): Promise<void> => {
    await assert.rejects(requireRight(judged, readSince), told);
  };
  await requireRight(right, readSince);

  const table = deltaName(lake, TABLE);
  const [id] = (await lakeRows(lake, TABLE)).keys();
  const one = `_id = '${id ?? ''}'`;
  const newest = (lake.deltaVersions()[TABLE] ?? 0) - 1;
  for (const [what, statement, told] of [
    ['lost', `DELETE FROM ${table} WHERE ${one}`, /"missing": \{\s*"total": 1,/],
    ['doubled', `INSERT INTO ${table} SELECT * FROM ${table} WHERE ${one}`, /"doubled": \{\s*"total": 1,/],
    [
      'a ghost',
      `INSERT INTO ${table} BY NAME SELECT 'ghost' AS _id, * EXCEPT (_id) FROM ${table} WHERE ${one}`,
      /"extra": \{\s*"total": 1,/,
    ],
    [
      'other than in HQ',
      `UPDATE ${table} SET name = 'an older name' WHERE ${one}`,
      /"differing": \{\s*"total": 1,/,
    ],
  ] as const) {
    await t.test(`a row that is ${what}`, async () => {
      await sparkSql(lake, [statement]);
      await isWrong(told);
      await sparkSql(lake, [`RESTORE TABLE ${table} TO VERSION AS OF ${newest}`]);
    });
  }

  await t.test('a table that stands still', async () => {
    await lake.ledger.query(
      "UPDATE lake_table SET state = 'halted' WHERE table_name = 'raw_child_care_case'",
    );
    await isWrong(/half done, halted or set aside/);
    await lake.ledger.query("UPDATE lake_table SET state = 'running'");
  });

  await t.test('an orchestrator that ended by itself', async () => {
    const manager = new ServiceManager({ ...lake.env, LAKE_CONFIG: '/no/such/lake.yaml' });
    manager.start();
    await until('it has ended', () => manager.members.length === 0);
    await isWrong(/no orchestrator ends by itself/, { ...right, manager });
  });

  await t.test('a process that is left', async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      env: { ...process.env, FAULT_RUN: stack },
      stdio: 'ignore',
    });
    await once(left, 'spawn');
    await isWrong(/no orchestrator is left/);
    left.kill('SIGKILL');
    await once(left, 'exit');
  });

  await t.test('a lane that is not committed', async () => {
    await requireRight(right, readSince);
    await requireLaneSeen(lake, isWrong);
  });

  await t.test('a MERGE that no lane knows, though it changes nothing', async () => {
    await sparkSql(lake, [
      `MERGE INTO ${table} t USING (SELECT * FROM ${table} WHERE ${one}) s ON t._id = s._id WHEN MATCHED THEN UPDATE SET t.name = s.name`,
    ]);
    await isWrong(/names its lane/);
  });
});

/** The Delta log has its MERGE, the ledger does not say so. */
async function requireLaneSeen(lake: FreshLake, isWrong: (told: RegExp) => Promise<void>): Promise<void> {
  const { rows } = await lake.ledger.query<{ id: string; state: string }>(
    'SELECT id::text AS id, state FROM lane ORDER BY id LIMIT 1',
  );
  const [lane] = rows;
  assert.ok(lane !== undefined);
  await lake.ledger.query("UPDATE lane SET state = 'merged' WHERE id = $1", [lane.id]);
  await isWrong(/committed/);
  await lake.ledger.query('UPDATE lane SET state = $2 WHERE id = $1', [lane.id, lane.state]);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackUp } from '../../deploy/stack/stack.js';
import { beeline } from '../helpers/beeline.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { change, loadSmallProgramme } from '../helpers/small-programme.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { countByOtherEngine } from '../oracle/oracle.js';

const CHANGES = [
  ...['edit', 'archive', 'delete', 'republish', 'submit'],
  ...['delete-case', 'case-type', 'republish-case', 'rename-location', 'move-location', 'archive-location'],
];

test('forms, cases and locations stand in the lake as HQ holds them, for every reader, and are written once', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);

  await t.test('after the first load every row and column is what HQ holds', async () => {
    await lake.ingestAll();
    await lake.requireEqual();
    await requireExactlyOnce(lake);
  });

  await t.test('after changes of every kind every row and column is what HQ holds', async () => {
    for (const kind of CHANGES) await change(lake, kind);
    await lake.ingestAll();
    // A record keeps the place it was written with; HQ's places have moved since.
    await lake.requireEqual({ locationColumns: 'ignore' });
    await requireExactlyOnce(lake);
  });

  await t.test('a further run adds not one commit', async () => {
    await requireNothingLeft(lake);
  });

  await t.test(
    "delta-rs and beeline, through the Thrift Server, count HQ's live rows in every table",
    async () => {
      const counts = await countByOtherEngine({ ...process.env, ...lake.env });
      assert.ok(counts.length >= 8, `${counts.length} tables`);
      for (const { table, lake: rows, hq } of counts) assert.equal(rows, hq, table);
      const { env } = await stackUp({ dir: stackVariable('TEST_STACK_DIR'), thrift: true });
      assert.deepEqual(
        await beeline(env, await countingSql(lake)),
        counts.map(({ table, hq }) => [table.split('/').slice(1).join('/'), String(hq)]).sort(),
      );
    },
  );
});

/** One statement that counts every table, each under `<topic>/<type>`, in order. */
async function countingSql(lake: FreshLake): Promise<string> {
  const { rows } = await lake.ledger.query<{ database: string; table: string; path: string }>(
    'SELECT database_name AS database, table_name AS table, path FROM lake_table ORDER BY path',
  );
  const parts = rows.map(({ database, table, path }) => {
    const name = path.split('/').slice(2).join('/');
    return `SELECT '${name}' AS name, count(*) AS n FROM \`${database}\`.\`${table}\``;
  });
  return `${parts.join(' UNION ALL ')} ORDER BY name;`;
}

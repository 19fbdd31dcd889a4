import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackUp } from '../../deploy/stack/stack.js';
import { countByBeeline, type NamedTable } from '../helpers/beeline.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { change, loadSmallProgramme } from '../helpers/small-programme.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { CHANGES } from '../hq-sim/changes.js';
import { countByOtherEngine } from '../oracle/oracle.js';

/** Every kind but an edited type: no place below it could be told from a moved one (deep-locations.test.ts has it). */
const KINDS = Object.keys(CHANGES).filter((kind) => kind !== 'rename-location-type');

test('forms, cases and locations stand in the lake as HQ holds them, for every reader, and are written once', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  const readSince = lake.clock.next();

  await t.test('after the first load every row and column is what HQ holds', async () => {
    await lake.ingestAll();
    await lake.requireEqual();
    await requireExactlyOnce(lake);
  });

  await t.test('after changes of every kind every row and column is what HQ holds', async () => {
    // Some of what is deleted comes back, some is purged.
    for (const kind of KINDS) await change(lake, kind, kind === 'delete' || kind === 'delete-case' ? 4 : 1);
    await lake.ingestAll();
    // A record keeps the place it was written with; some of HQ's places have moved since it was read.
    await lake.requireEqual({ locationColumns: 'written', readSince });
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
      const { rows: tables } = await lake.ledger.query<NamedTable>(
        'SELECT database_name AS database, table_name AS table, path FROM lake_table',
      );
      assert.deepEqual(
        [...(await countByBeeline({ ...process.env, ...env }, tables))].sort(),
        counts.map(({ table, hq }) => [`commcare/${table}`, hq]).sort(),
      );
    },
  );
});

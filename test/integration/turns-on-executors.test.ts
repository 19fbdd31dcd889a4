import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshLake } from '../helpers/fresh-lake.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { loadSmallProgramme } from '../helpers/small-programme.js';
import { applicationsOnExecutors } from '../helpers/spark-drivers.js';

test('merges of two topics that want executors take turns, and all comes in', async (t) => {
  const lake = await freshLake(t, { env: { SPARK_LOCAL_MAX_ROWS: '0' } });
  await loadSmallProgramme(lake);
  await Promise.all([
    lake.ingestAll(['form-sql']),
    lake.ingestAll(['case-sql']),
    lake.ingestAll(['location']),
  ]);
  await lake.requireEqual();
  await requireExactlyOnce(lake);

  const { rows } = await lake.ledger.query<{ id: string }>(
    "SELECT id FROM run WHERE on_executors AND state = 'done'",
  );
  assert.ok(rows.length >= 3, 'a run of each topic');
  const had = await applicationsOnExecutors();
  assert.deepEqual(
    rows.filter(({ id }) => !had.includes(`dimagi-lake ${id}`)),
    [],
    'each had executors',
  );
  const { rows: atOnce } = await lake.ledger.query(
    `SELECT a.id, b.id AS other FROM run a JOIN run b ON a.id < b.id AND b.on_executors
     WHERE a.on_executors AND a.created_at < b.finished_at AND b.created_at < a.finished_at`,
  );
  assert.deepEqual(atOnce, []);
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTableFiles } from '../../orchestrator/commit/live-files.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { maintenanceAtHand, requireSameFiles } from '../helpers/maintenance-at-hand.js';

const TABLE = 'form-sql/visit';

test('maintenance beside a steady stream of merges: both end right, and the log is read on from its checkpoints', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  // So few files are never so many that it pays; here every pair is compacted, and no merge is let pass for long.
  const maintenance = maintenanceAtHand(t, lake, {
    optimize: { smallFiles: 2 },
    patience: { quietMs: 500, mostMs: 60_000 },
  });
  const ids = await submitVisits(lake, 12);
  await lake.ingestAll(['form-sql']);
  for (const id of [...ids, ...ids.slice(0, 6)]) await editVisit(lake, id, '5');
  await submitVisits(lake, 6);
  const ingestion = lake.ingest('form-sql', { MAX_RECORDS_TO_PROCESS: '1' });
  const work = { isOver: false };
  void ingestion.finally(() => {
    work.isOver = true;
  });
  const failures: (string | null)[] = [];
  do failures.push(...(await maintenance.work()).map(({ failure }) => failure));
  while (!work.isOver);
  const { code, stderr } = await ingestion;
  assert.equal(code, 0, stderr);
  assert.deepEqual(new Set(failures), new Set([null]));

  await lake.requireEqual();
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, ['form-sql']);
  const operations = (lake.commits().get(TABLE) ?? []).map(({ operation }) => operation);
  const [firstCompacted, lastMerge] = [operations.indexOf('OPTIMIZE'), operations.lastIndexOf('MERGE')];
  assert.ok(
    firstCompacted > 0 && firstCompacted < lastMerge,
    `one stood between the merges: ${operations.join()}`,
  );
  const { rows } = await lake.ledger.query<{ state: string }>('SELECT DISTINCT state FROM maintenance_run');
  for (const { state } of rows) assert.match(state, /^(done|gave_way)$/);

  const path = `commcare/${lake.domain}/${TABLE}`;
  assert.ok(readdirSync(join(lake.folder, path, '_delta_log')).includes('_last_checkpoint'));
  const now = await readTableFiles(maintenance.context.lake, path);
  await requireSameFiles(lake, TABLE, now?.files ?? []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModels } from '../../orchestrator/aggregation/models/load-models.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { applicationsOnExecutors } from '../helpers/spark-drivers.js';
import { change } from '../helpers/small-programme.js';
import { lakeConfigText } from '../hq-sim/programme/lake-config.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import { checkWarehouse } from '../truth/check.js';

/** Days and months of the phones' own zone: in UTC many of their forms belong to the day before. */
const ZONE = 'Asia/Kolkata';
const MONTHS = ['2026-01-01', '2026-02-01'];
const CHANGES = ['edit', 'archive', 'delete', 'close-case', 'delete-case', 'case-owner', 'remove-index'];

test('the warehouse equals the truth worked out from HQ, also after changes of every kind', async (t) => {
  const lake = await freshLake(t, {
    config: (domain) =>
      lakeConfigText(domain).replace('locations: true', `locations: true\n    time_zone: ${ZONE}`),
  });
  const size = { months: 2, firstMonth: '2026-01', families: 90, centres: 16 };
  await loadProgramme(lake.hq, lake.clock, { domain: lake.domain, forms: 400, ...size });
  await lake.ingestAll();
  await requireTruth(lake);
  for (const kind of CHANGES) await change(lake, kind, 4);
  await change(lake, 'archive-location');
  await change(lake, 'move-location');
  await lake.ingestAll();
  await requireTruth(lake);
});

test('the warehouse equals the truth when lake and aggregates are on S3 and executors compute the months', async (t) => {
  const lake = await freshLake(t, {
    storage: 's3',
    blobs: 'file',
    env: { AGGREGATION_LOCAL_MAX_MB: '0', SPARK_LOCAL_MAX_ROWS: '0' },
  });
  const size = { months: 2, firstMonth: '2026-01', families: 30, centres: 4 };
  await loadProgramme(lake.hq, lake.clock, { domain: lake.domain, forms: 120, ...size });
  await lake.ingestAll();
  await requireTruth(lake);
  await change(lake, 'edit', 4);
  await lake.ingestAll();
  await requireTruth(lake);
  const applications = await applicationsOnExecutors();
  for (const { table } of loadModels().all) {
    const name = `dimagi-lake aggregation ${table} ${lake.domain}`;
    assert.ok(applications.includes(name), `executors computed ${table}: ${applications.join(', ')}`);
  }
});

async function requireTruth(lake: FreshLake): Promise<void> {
  for (const month of MONTHS) await dimagiLake(lake, 'aggregation', 'all', lake.domain, month);
  const report = await checkWarehouse(lake.domain, MONTHS, { ...process.env, ...lake.env });
  for (const { table, month, expected, differences } of report.tables) {
    assert.ok(expected > 0, `${table} has rows`);
    assert.deepEqual(differences.slice(0, 5), [], `${table} ${month ?? ''}`);
  }
}

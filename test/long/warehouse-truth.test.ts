import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
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

async function requireTruth(lake: FreshLake): Promise<void> {
  for (const month of MONTHS) await dimagiLake(lake, 'aggregation', 'all', lake.domain, month);
  const report = await checkWarehouse(lake.domain, MONTHS, { ...process.env, ...lake.env });
  for (const { table, month, expected, differences } of report.tables) {
    assert.ok(expected > 0, `${table} has rows`);
    assert.deepEqual(differences.slice(0, 5), [], `${table} ${month ?? ''}`);
  }
}

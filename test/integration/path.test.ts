import { test } from 'node:test';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { change, loadSmallProgramme } from '../helpers/small-programme.js';

test('forms, cases and locations stand in the lake as HQ holds them, before and after changes, and are written once', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  await lake.ingestAll();
  await lake.requireEqual();
  await requireExactlyOnce(lake);
  for (const kind of ['edit', 'archive', 'delete', 'delete-case', 'case-type', 'submit', 'rename-location']) {
    await change(lake, kind);
  }
  await lake.ingestAll();
  await lake.requireEqual({ locationColumns: 'ignore' });
  await requireExactlyOnce(lake);
  await requireNothingLeft(lake);
});

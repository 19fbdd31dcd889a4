import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { casesConfig, loadCases, updateCases } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { newestStaging } from '../helpers/newest-staging.js';

test('a batch whose staging files are lost or cut before the merge is extracted again by itself', async (t) => {
  const lake = await freshLake(t, { config: casesConfig });
  const { children, mothers } = await loadCases(lake);
  for (const [what, damage] of Object.entries(DAMAGES)) {
    await t.test(what, async () => {
      await updateCases(lake, [...children.slice(0, 2), ...mothers.slice(0, 2)], { seen: what });
      const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-staging' });
      assert.equal(died.signal, 'SIGKILL', died.stderr);
      damage(await newestStaging(lake));
      await lake.ingestAll(['case-sql']);
      const { rows } = await lake.ledger.query<{ extraction: number }>(
        'SELECT extraction FROM batch ORDER BY id DESC LIMIT 1',
      );
      assert.equal(rows[0]?.extraction, 2, 'it was extracted a second time');
      await lake.requireEqual();
      await requireExactlyOnce(lake);
      await requireNothingLeft(lake, ['case-sql']);
    });
  }
});

const DAMAGES: Readonly<Record<string, (staging: string) => void>> = {
  'a file is gone': (staging) => {
    rmSync(firstFile(staging));
  },
  'the manifest is cut': (staging) => {
    writeFileSync(join(staging, 'manifest.json'), '{"tables":[');
  },
};

function firstFile(staging: string): string {
  const [table = ''] = readdirSync(join(staging, 'staging'));
  const [file = ''] = readdirSync(join(staging, 'staging', table));
  return join(staging, 'staging', table, file);
}

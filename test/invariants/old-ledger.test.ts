import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { casesConfig, loadCases, updateCases } from '../helpers/case-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { copyLedger, createLedger, databaseUrl, dropDatabases } from '../helpers/test-databases.js';

test('a ledger that is not the newest of its lake is refused at the start, and nothing is written', async (t) => {
  const lake = await freshLake(t, { config: casesConfig });
  const { children } = await loadCases(lake);
  await lake.ingestAll(['case-sql']);
  const backup = ledgerName(t);
  const backupUrl = await copyLedger(backup);
  await updateCases(lake, children, { weight: '8' });
  await lake.ingestAll(['case-sql']);
  await updateCases(lake, children, { weight: '9' });

  await t.test('an older copy: LEDGER_BEHIND_LAKE, exit code 6', async () => {
    const message = await requireRefused(lake, backupUrl, 'LEDGER_BEHIND_LAKE');
    assert.match(message, /older copy: commcare\/\S+ holds batch 2 of case-sql, the ledger has planned 1/);
    assert.match(message, /Mend: .*Restore the newest ledger backup/);
    assert.equal(await batches(backup), 1, 'nothing was planned in the old copy');
  });

  await t.test('an empty ledger: LEDGER_BEHIND_LAKE, exit code 6', async () => {
    const message = await requireRefused(lake, await createLedger(ledgerName(t)), 'LEDGER_BEHIND_LAKE');
    assert.match(message, /unknown to this empty ledger/);
  });

  await t.test("another lake's ledger: LEDGER_LAKE_MISMATCH, exit code 6", async () => {
    const other = await createLedger(ledgerName(t));
    const folder = join(dirname(lake.folder), 'other-lake');
    mkdirSync(folder);
    // No form was submitted by a phone: the run only makes ledger and lake belong together.
    const made = await lake.ingest('location', {
      LEDGER_DATABASE_URL: other,
      HQ_DATA_PATH: pathToFileURL(folder).href,
    });
    assert.equal(made.code, 0, made.stderr);
    await requireRefused(lake, other, 'LEDGER_LAKE_MISMATCH');
  });

  await t.test(
    'a ledger with a past and a lake folder without one: LEDGER_LAKE_MISMATCH, exit code 6',
    async () => {
      const empty = join(dirname(lake.folder), 'empty-lake');
      mkdirSync(empty);
      const refused = await lake.ingest('case-sql', { HQ_DATA_PATH: pathToFileURL(empty).href });
      assert.equal(refused.code, 6, refused.stderr);
      assert.match(refused.stderr, /^LEDGER_LAKE_MISMATCH: /m);
      assert.deepEqual(readdirSync(empty), []);
      rmSync(empty, { recursive: true });
    },
  );

  await t.test('the newest ledger goes on as if nothing had been tried', async () => {
    await lake.ingestAll(['case-sql']);
    await lake.requireEqual();
  });
});

/** @returns what it said on stderr */
async function requireRefused(lake: FreshLake, ledgerUrl: string, code: string): Promise<string> {
  const versions = lake.deltaVersions();
  const staged = checkpointFolders(lake);
  const refused = await lake.ingest('case-sql', { LEDGER_DATABASE_URL: ledgerUrl });
  assert.equal(refused.code, 6, refused.stderr);
  assert.match(refused.stderr, new RegExp(`^${code}: `, 'm'));
  assert.deepEqual(lake.deltaVersions(), versions, 'nothing was written to the lake');
  assert.deepEqual(checkpointFolders(lake), staged, 'nothing was staged');
  return refused.stderr;
}

function checkpointFolders(lake: FreshLake): string[] {
  return readdirSync(fileURLToPath(lake.env['CHECKPOINT_BASE_DIR'] ?? ''), {
    recursive: true,
    encoding: 'utf8',
  });
}

function ledgerName(t: TestContext): string {
  const name = `ledger_${randomBytes(4).toString('hex')}`;
  t.after(() => dropDatabases([name]));
  return name;
}

async function batches(database: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl(database) });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM batch');
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { createCases, casesConfig, updateCases } from '../helpers/case-domain.js';
import { readCommits } from '../helpers/delta-commits.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { resetLedger } from '../helpers/test-databases.js';
import { runOracle } from '../oracle/oracle.js';

/** The metastore knows names only; where a lane writes is said by HQ_DATA_PATH, and the names follow. */
test('a metastore that knows another place never directs a write, and its names follow the lake', async (t) => {
  const old = await freshLake(t, { config: casesConfig });
  const ids = await createCases(old, 'child', 3);
  await old.ingestAll(['case-sql']);
  assert.deepEqual(await namedPlaces(old), [`${pathToFileURL(old.folder).href}/${tableOf(old)}`]);
  const versions = old.deltaVersions();

  await t.test('a new lake and a new ledger beside the metastore of the old ones', async () => {
    await resetLedger();
    await requireLakeAt(old, 'new');
  });

  await t.test('a lake that was moved, with its ledger', async () => {
    const [from, to] = ['new', 'moved'].map((name) => join(dirname(old.folder), name));
    cpSync(from ?? '', to ?? '', { recursive: true });
    await updateCases(old, ids, { weight: '7' });
    await requireLakeAt(old, 'moved');
    assert.equal(
      readCommits(from ?? '', old.domain).get('case-sql/child')?.length,
      versions['case-sql/child'],
    );
  });

  assert.deepEqual(old.deltaVersions(), versions, 'nothing was written to the old lake');
});

async function requireLakeAt(old: FreshLake, name: string): Promise<void> {
  const folder = join(dirname(old.folder), name);
  mkdirSync(folder, { recursive: true });
  const env = { HQ_DATA_PATH: pathToFileURL(folder).href };
  await old.ingestAll(['case-sql'], env);
  const report = await runOracle({ ...process.env, ...old.env, ...env });
  assert.ok(report.ok && report.tables.length === 1, JSON.stringify(report));
  assert.deepEqual(await namedPlaces(old), [`${env.HQ_DATA_PATH}/${tableOf(old)}`]);
}

function tableOf({ domain }: FreshLake): string {
  return `commcare/${domain}/case-sql/child`;
}

/** Where the metastore says that the lake's tables are, as a reader by name finds them. */
async function namedPlaces(lake: FreshLake): Promise<string[]> {
  const client = new pg.Client({
    host: stackVariable('METASTORE_HOST'),
    port: Number(stackVariable('METASTORE_PORT')),
    database: stackVariable('METASTORE_DB'),
    user: stackVariable('METASTORE_USERNAME'),
    password: stackVariable('METASTORE_PASSWORD'),
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ place: string }>(
      `SELECT p."PARAM_VALUE" AS place FROM "TBLS" t JOIN "DBS" d ON d."DB_ID" = t."DB_ID"
         JOIN "SDS" s ON s."SD_ID" = t."SD_ID"
         JOIN "SERDE_PARAMS" p ON p."SERDE_ID" = s."SERDE_ID" AND p."PARAM_KEY" = 'path'
       WHERE d."NAME" = $1`,
      [`commcarehq_${lake.domain.replaceAll('-', '_')}`],
    );
    return rows.map((row) => row.place.replace(/^file:\/(?=[^/])/, 'file:///'));
  } finally {
    await client.end();
  }
}

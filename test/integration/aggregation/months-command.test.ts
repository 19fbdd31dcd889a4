import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { openLedger } from '../ledger/fresh-ledger.js';
import { ScheduledDomain } from './scheduled-domain.js';

const YML = `name: base
description: A count of records by month
grain: one row per month
keys: [month]
partition_by: [month]
columns:
  domain: {type: string, description: The HQ domain}
  month: {type: date, description: First day of the month}
  records: {type: long, description: How many}
sources:
  raw_x_case: {touches: same, base: [_id, month], free: {}}
audits:
  - {name: month_right, description: Rows have their month, sql: 'SELECT month FROM base WHERE month IS NULL'}
tests:
  - name: nothing
    month: 2026-01-01
    given: {raw_x_case: []}
    expect: []
`;
const SQL = `SELECT {{ domain }} AS domain, month, count(*) AS records FROM raw_x_case WHERE month = {{ month }} GROUP BY month\n`;

test('dimagi-lake months tells how each month stands, and why', async (t) => {
  const ledger = await openLedger();
  const folder = mkdtempSync(join(tmpdir(), 'months-command-'));
  t.after(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });
  const domain = await ScheduledDomain.open(ledger, 'cli');
  await domain.touch(domain.ago(2), domain.ago(1));
  writeFileSync(join(folder, 'base.yml'), YML);
  writeFileSync(join(folder, 'base.sql'), SQL);
  writeFileSync(join(folder, 'lake.yaml'), "domains:\n  cli:\n    cases: {'*': {}}\n");
  await ledger.database.query('UPDATE config_version SET text = $1', [
    "domains:\n  cli:\n    cases: {'*': {}}\n",
  ]);
  const env = {
    ...process.env,
    LEDGER_DATABASE_URL: ledger.databaseUrl,
    LEDGER_RUNNER_DATABASE_URL: ledger.runnerUrl,
    HQ_DATA_PATH: `file://${folder}`,
    CHECKPOINT_BASE_DIR: `file://${folder}`,
    LAKE_CONFIG: join(folder, 'lake.yaml'),
    AGGREGATION_MODELS: folder,
  };
  const months = async (...words: string[]): Promise<string> => {
    const program = join(PACKAGE_ROOT, 'orchestrator', 'bin.mjs');
    return (await promisify(execFile)(process.execPath, [program, 'months', ...words], { env })).stdout;
  };
  const [base] = domain.parts('a').models;
  assert.ok(base !== undefined);
  await domain.publish(base, 'cli', domain.ago(2), new AbortController().signal);
  const { months: read } = JSON.parse(await months('cli', '--json')) as {
    months: { month: string; state: string; reasons: string[] }[];
  };
  assert.deepEqual(
    read.map((each) => [each.month, each.state, each.reasons]),
    [
      // Published by the test's model of that name, which is another one.
      [domain.ago(2), 'stale', ['the model changed']],
      [domain.ago(1), 'missing', []],
    ],
  );
  const plain = await months('cli');
  assert.match(plain, /base +stale +missing/);
  assert.ok(plain.includes(`base ${domain.ago(2).slice(0, 7)} is stale: the model changed`));
  await assert.rejects(months('clii'), /USAGE: lake.yaml has no domain "clii"[^]*Did you mean cli\?/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import type { Model } from '../../../orchestrator/aggregation/model.js';
import { columnsOf } from '../../../orchestrator/aggregation/models/columns.js';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import { renderStagingAudit } from '../../../orchestrator/aggregation/models/render-model.js';
import type { Sql } from '../../../orchestrator/sql/text.js';
import { startPostgres } from '../runner/postgres.js';
import { EACH_MEASURE, WRONG_ROWS } from './wrong-rows.js';

const QUOTING = {
  identifier: (name: string) => pg.escapeIdentifier(name) as Sql,
  literal: (value: string) => pg.escapeLiteral(value) as Sql,
};
const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  long: 'bigint',
  date: 'date',
  integer: 'int',
};

test('audits of the staging table run on Postgres, let right rows pass and find wrong ones, for any levels', async (t) => {
  const postgres = await startPostgres();
  const client = await postgres.connect();
  t.after(async () => {
    await client.end();
    await postgres.close();
  });
  const models = loadModels();
  const model = models.byTable('agg_child_care');

  for (const levels of [['flwc'], ["a'b", 'c"d'], ['l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8']]) {
    await makeStaging(client, model, levels, []);
    assert.deepEqual(await findings(client, model, levels), {});
  }
  const levels = ['district', 'flwc'];
  const found: Record<string, number> = {};
  for (const wrong of [...WRONG_ROWS, ...EACH_MEASURE].filter((each) => each.model === model.table)) {
    await makeStaging(client, model, levels, wrong.test.expect);
    const adds = !wrong.audits.includes('roll_ups_add_up');
    const told = await findings(client, model, levels);
    assert.equal(Object.keys(told).length, adds ? 0 : 1, `${wrong.test.name} ${JSON.stringify(told)}`);
    for (const name of Object.keys(told)) found[name] = (found[name] ?? 0) + 1;
  }
  assert.ok((found['roll_ups_add_up_in_warehouse'] ?? 0) >= 24, JSON.stringify(found));
});

async function makeStaging(
  client: pg.Client,
  model: Model,
  levels: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const columns = columnsOf(model, levels).map(
    ({ name, type }) => `${pg.escapeIdentifier(name)} ${TYPES[type] ?? 'double precision'}`,
  );
  await client.query(`DROP TABLE IF EXISTS "new rows"; CREATE TABLE "new rows" (${columns.join(', ')})`);
  for (const row of rows) {
    const whole = { domain: 'demo', month: '2024-02-01', ...row };
    const names = Object.keys(whole).map((name) => pg.escapeIdentifier(name));
    const places = names.map((_, at) => `$${at + 1}`);
    const text = `INSERT INTO "new rows" (${names.join(', ')}) VALUES (${places.join(', ')})`;
    await client.query(text, Object.values(whole));
  }
}

/** Rows that each audit of the warehouse finds, where it finds any. */
async function findings(
  client: pg.Client,
  model: Model,
  levels: readonly string[],
): Promise<Record<string, number>> {
  const options = { month: '2024-02-01', domain: 'demo', timeZone: 'UTC', levels };
  const found: Record<string, number> = {};
  for (const audit of model.audits.filter(({ on }) => on === 'warehouse')) {
    const query = renderStagingAudit(model, audit, options, QUOTING, QUOTING.identifier('new rows'));
    const { rows } = await client.query(query);
    if (rows.length > 0) found[audit.name] = rows.length;
  }
  return found;
}

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createCases, ONE_PARTITION, updateCases } from '../helpers/case-domain.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { lakeRows } from '../helpers/lake-rows.js';

const CASES = ['case-sql'] as const;
const TABLE = 'case-sql/child';

const config =
  (settings = '') =>
  (domain: string): string => `domains:
  ${domain}:
    cases: {child: {}, mother: {}}
    tables:
      raw_child_case:
        types: {case_json__weight: double}
${settings}`;

const MADE = `        rename: {case_json__village: village, case_json__not_yet: later}
        derive:
          grams: {sql: "weight_kg * 1000", type: long}
          place: {sql: "concat_ws('; ', upper(village), later, case_json__never)", type: string}
`.replace('weight_kg', 'case_json__weight');

interface TableTold {
  readonly table: string;
  readonly state: string;
  readonly rows: number;
  readonly reason: string | null;
}

test('renamed and derived columns: history follows in one commit, later rows have them, one that fails stops its own table', async (t) => {
  const lake = await freshLake(t, { config: config(), partitions: ONE_PARTITION });
  const [first = '', second = ''] = await createCases(lake, 'child', 2);
  await lake.ingestAll(CASES);
  const apply = async (settings: string): Promise<void> => {
    writeFileSync(lake.env['LAKE_CONFIG'] ?? '', config(settings)(lake.domain));
    await dimagiLake(lake, 'config', 'apply');
  };

  await t.test('check asks Spark: what it refuses is a fault with its line', async () => {
    const wrong = MADE.replace('upper(village)', 'uper(village)');
    writeFileSync(lake.env['LAKE_CONFIG'] ?? '', config(wrong)(lake.domain));
    await assert.rejects(
      dimagiLake(lake, 'check'),
      /lake\.yaml:10:\d+: .*derive > place > sql: Spark refuses it: \[UNRESOLVED_ROUTINE\]/,
    );
    writeFileSync(lake.env['LAKE_CONFIG'] ?? '', config(MADE)(lake.domain));
    const { faults } = (await dimagiLake(lake, 'check')) as { faults: unknown[] };
    assert.deepEqual(faults, []);
  });

  await t.test('rows that are there are written anew', async () => {
    await apply(MADE);
    await lake.ingestAll(CASES);
    const row = (await lakeRows(lake, TABLE)).get(second);
    assert.deepEqual(
      [row?.['village'], row?.['grams'], row?.['place'], row?.['case_json__village']],
      ['Rampur', 2100, 'RAMPUR', undefined],
    );
  });

  await t.test('later rows have them, and a column that comes late gets its name', async () => {
    await updateCases(lake, [first], { weight: '3.5', not_yet: 'now' });
    await lake.ingestAll(CASES);
    const rows = await lakeRows(lake, TABLE);
    const row = rows.get(first);
    assert.deepEqual([row?.['grams'], row?.['place'], row?.['later']], [3500, 'RAMPUR; now', 'now']);
    assert.equal(rows.get(second)?.['place'], 'RAMPUR');
  });

  await t.test('names and expressions may change again, and go', async () => {
    await apply(
      '        rename: {case_json__village: town}\n        derive: {grams: {sql: "-1", type: double}}\n',
    );
    await lake.ingestAll(CASES);
    const row = (await lakeRows(lake, TABLE)).get(first) ?? {};
    assert.deepEqual([row['town'], row['grams'], row['case_json__not_yet']], ['Rampur', -1, 'now']);
    for (const gone of ['village', 'place', 'later']) assert.ok(!(gone in row), gone);
    await apply('');
    await lake.ingestAll(CASES);
    const plain = (await lakeRows(lake, TABLE)).get(first) ?? {};
    assert.equal(plain['case_json__village'], 'Rampur');
    assert.ok(!('grams' in plain) && !('town' in plain));
  });

  await t.test(
    'an expression that fails for a row stops its own table; mended and resumed, it goes on',
    async () => {
      const derive = (sql: string): string => `        derive: {inverse: {sql: "${sql}", type: double}}\n`;
      await apply(derive('1 / (case_json__weight - 3.5)'));
      await createCases(lake, 'mother', 1);
      assert.equal((await lake.ingest('case-sql')).code, 5);
      const { tables } = (await dimagiLake(lake, 'tables')) as { tables: TableTold[] };
      const told = new Map(tables.map((each) => [each.table, each]));
      const [mother, child] = [told.get('raw_mother_case'), told.get('raw_child_case')];
      assert.deepEqual([mother?.state, mother?.rows, child?.state], ['running', 1, 'halted']);
      assert.match(child?.reason ?? '', /DIVIDE_BY_ZERO/);
      await apply(derive('try_divide(1, case_json__weight - 3.5)'));
      await lake.ledger.query(
        `UPDATE batch SET config_version_id = (SELECT id FROM config_version WHERE active)
       WHERE id IN (SELECT batch_id FROM lane l JOIN lake_table t ON t.id = l.table_id
                    WHERE t.table_name = 'raw_child_case' AND l.state NOT IN ('merged', 'committed'))`,
      );
      await dimagiLake(lake, 'resume', 'case-sql');
      await lake.ingestAll(CASES);
      const rows = await lakeRows(lake, TABLE);
      assert.ok(!('inverse' in (rows.get(first) ?? {})));
      assert.equal(typeof rows.get(second)?.['inverse'], 'number');
      await requireExactlyOnce(lake);
      await requireNothingLeft(lake, CASES);
    },
  );
});

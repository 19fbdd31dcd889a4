import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LakeError } from '../../../orchestrator/errors.js';
import type { WarehouseTable } from '../../../orchestrator/warehouse/warehouse.js';
import { centres, FEBRUARY, JANUARY, WarehouseServer, WEIGHED } from './warehouse-fixture.js';

let server: WarehouseServer;
before(async () => {
  server = await WarehouseServer.start();
});
after(() => server.stop());

/** The table with one column's type changed. */
function withType(column: string, type: WarehouseTable['columns'][number]['type']): WarehouseTable {
  const columns = WEIGHED.columns.map((each) => (each.name === column ? { ...each, type } : each));
  return { ...WEIGHED, columns };
}

function withColumns(...names: readonly string[]): WarehouseTable {
  const further = names.map((name) => ({ name, type: 'string' as const, description: `Id of the ${name}` }));
  return { ...WEIGHED, columns: [...WEIGHED.columns, ...further] };
}

const HOSTILE = [
  `o'brien"; DROP SCHEMA public; --`,
  'Demo',
  'demo',
  'DEMO',
  'x'.repeat(300),
  `${'x'.repeat(299)}y`,
  'नेपाल पोषण',
  '\\',
  ' ',
  '$1',
  "E'\\''",
  'a.b',
];

test('every domain has partitions of its own, whatever it is called', async (t) => {
  const made = await server.fresh(t);
  for (const [at, domain] of HOSTILE.entries())
    for (const month of [JANUARY, FEBRUARY])
      await made.load(domain, month, BigInt(at + 1), centres(2, at + (month === JANUARY ? 0 : 100)));
  for (const [at, domain] of HOSTILE.entries()) {
    assert.deepEqual(await made.month(domain, JANUARY), { rows: 2, numbers: [at] }, domain);
    assert.deepEqual(await made.month(domain, FEBRUARY), { rows: 2, numbers: [at + 100] }, domain);
  }
  const names = await made.query(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'dimagi_lake_partitions' AND c.relkind IN ('r', 'p')`,
  );
  // Of each domain its partition, and of each month a socket and a leaf.
  assert.equal(names.length, HOSTILE.length * 5);
  for (const { name } of names) assert.match(String(name), /^[a-z0-9_]{1,63}$/);
});

test('a query for a domain and month reads that leaf alone', async (t) => {
  const made = await server.fresh(t);
  for (const month of [JANUARY, FEBRUARY]) await made.load('demo', month, 1n, centres(2, 1));
  await made.load('other', JANUARY, 1n, centres(2, 1));
  const plan = await made.query(
    `EXPLAIN SELECT sum(children) FROM weighed WHERE domain = 'demo' AND month = '${JANUARY}' AND centre_id = 'c1'`,
  );
  const scans = plan.map((row) => String(row['QUERY PLAN'])).filter((line) => line.includes(' on '));
  assert.equal(scans.length, 1, JSON.stringify(plan));
  assert.match(scans[0] ?? '', /weighed_demo_2026_01_/);
});

test('columns of other location levels and of later models come to the table, rows there keep null in them', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(2, 1));
  await made.load('other', JANUARY, 2n, centres(2, 2), { table: withColumns('region_id', 'State "Name"') });
  // The first domain's next load knows nothing of them.
  await made.load('demo', JANUARY, 3n, centres(3, 3));
  const columns = await made.query(
    `SELECT attname AS name, col_description(attrelid, attnum) AS comment FROM pg_attribute
     WHERE attrelid = 'public.weighed'::regclass AND attnum > 5 ORDER BY attnum`,
  );
  assert.deepEqual(columns, [
    { name: 'region_id', comment: 'Id of the region_id' },
    { name: 'State "Name"', comment: 'Id of the State "Name"' },
  ]);
  const rows = await made.query(
    'SELECT domain, count(*)::int, count(region_id)::int AS regions FROM weighed GROUP BY 1 ORDER BY 1',
  );
  assert.deepEqual(rows, [
    { domain: 'demo', count: 3, regions: 0 },
    { domain: 'other', count: 2, regions: 0 },
  ]);
});

test('a column that comes while a month is being loaded does not stop its swap', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const staging = await made.stage('demo', JANUARY, 1n, centres(2, 1));
  await made.warehouse.finishStaging(staging, { rows: 2n });
  await made.warehouse.prepare({
    ...withColumns('region_id'),
    columns: [
      ...withType('children', 'decimal(30,2)').columns,
      { name: 'region_id', type: 'string', description: '' },
    ],
  });
  await made.warehouse.swap(staging, { sources: new Map() });
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 2, numbers: [1] });
});

test('a type becomes a wider one with all rows', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(2, 1), { table: withType('children', 'integer') });
  const steps = [
    ['long', 'bigint'],
    ['integer', 'bigint'],
    ['decimal(10,2)', 'numeric(21,2)'],
    ['string', 'text'],
  ] as const;
  for (const [type, expected] of steps) {
    await made.warehouse.prepare(withType('children', type));
    const [column] = await made.query(
      "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'public.weighed'::regclass AND attname = 'children'",
    );
    assert.equal(column?.['type'], expected);
  }
  assert.deepEqual(await made.query('SELECT DISTINCT children FROM weighed'), [{ children: '1.00' }]);
});

test('a type that would lose values is refused with the mend, and nothing is changed', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(2, 1));
  for (const [column, type] of [
    ['children', 'double'],
    ['children', 'boolean'],
    ['centre_id', 'long'],
    ['month', 'timestamp'],
  ] as const) {
    if (column === 'month') continue;
    await assert.rejects(made.warehouse.prepare(withType(column, type)), (thrown: unknown) => {
      assert.ok(thrown instanceof LakeError);
      assert.equal(thrown.code, 'WAREHOUSE_SCHEMA');
      assert.match(thrown.message, new RegExp(`Column ${column} of public.weighed`));
      assert.match(thrown.mend, /drop public\.weighed/);
      return true;
    });
  }
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 2, numbers: [1] });
});

test('a table of somebody else is left alone', async (t) => {
  const made = await server.fresh(t);
  await made.query('CREATE TABLE public.weighed (mine int)');
  await assert.rejects(
    made.warehouse.prepare(WEIGHED),
    /public\.weighed is there, and it is no table of ours/,
  );
});

test('table and columns say what they are; keys and what dashboards ask by have an index', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(2, 1));
  const [comments] = await made.query(
    `SELECT obj_description('weighed'::regclass) AS table_comment, col_description('weighed'::regclass, 5) AS children`,
  );
  assert.deepEqual(comments, {
    table_comment: 'Children weighed (one row per centre)',
    children: 'Children weighed',
  });
  const indexes = await made.query(
    "SELECT regexp_replace(indexdef, '.* USING', '') AS of, indexdef LIKE 'CREATE UNIQUE%' AS is_unique FROM pg_indexes WHERE schemaname = 'dimagi_lake_partitions' ORDER BY 1",
  );
  assert.deepEqual(indexes, [
    { of: ' btree (centre_id) NULLS NOT DISTINCT', is_unique: true },
    { of: ' btree (district_id)', is_unique: false },
  ]);
});

test('processes that make the same tables at once all find them made', async (t) => {
  const made = await server.fresh(t, { WAREHOUSE_LOCK_SECONDS: '5' });
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((domain, at) =>
      made.load(domain, JANUARY, BigInt(at + 1), centres(2, at), { table: withColumns(`level_${domain}`) }),
    ),
  );
  const [found] = await made.query(
    'SELECT count(*)::int AS rows, count(DISTINCT domain)::int AS domains FROM weighed',
  );
  assert.deepEqual(found, { rows: 8, domains: 4 });
});

test("dashboards' role reads the tables there are and those to come, and no staging table", async (t) => {
  // Our login may not make roles: without an administrator there is a table, and no reader of it.
  const without = await server.fresh(t);
  await without.load('demo', JANUARY, 1n, centres(2, 1));
  await server.asSuperuser(
    'postgres',
    'CREATE ROLE dashboard_reader NOLOGIN; GRANT dashboard_reader TO dashboard',
  );
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(2, 1));
  await made.load('demo', JANUARY, 2n, centres(2, 2), { table: { ...WEIGHED, table: 'weighed_later' } });
  const staging = await made.stage('demo', FEBRUARY, 3n, centres(1, 1));
  const reader = await made.connect('dashboard');
  for (const table of ['weighed', 'weighed_later', 'dimagi_lake.load'])
    assert.ok(((await reader.query(`SELECT * FROM ${table}`)).rowCount ?? 0) > 0, table);
  await assert.rejects(
    reader.query(`SELECT * FROM dimagi_lake_staging.${staging.name}`),
    /permission denied/,
  );
  await assert.rejects(reader.query('DELETE FROM weighed'), /permission denied/);
  await assert.rejects(reader.query('UPDATE dimagi_lake.load SET token = 0'), /permission denied/);
  // The administrator came later: the next process gives the rights.
  const late = await without.connect('dashboard');
  await assert.rejects(late.query('SELECT * FROM weighed'), /permission denied/);
  const { Warehouse } = await import('../../../orchestrator/warehouse/warehouse.js');
  const next = new Warehouse(without.environment);
  await next.prepare(WEIGHED);
  await next.close();
  assert.equal((await late.query('SELECT * FROM weighed')).rowCount, 2);
});

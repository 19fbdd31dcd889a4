import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LakeError } from '../../../orchestrator/errors.js';
import { sql } from '../../../orchestrator/sql/text.js';
import { centres, FEBRUARY, JANUARY, WarehouseServer, WEIGHED } from './warehouse-fixture.js';

let server: WarehouseServer;
before(async () => {
  server = await WarehouseServer.start();
});
after(() => server.stop());

function code(expected: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof LakeError && thrown.code === expected;
}

test('a load replaces its month and no other, and says from what it was made', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(5, 10));
  await made.load('demo', FEBRUARY, 2n, centres(4, 20));
  await made.load('other', JANUARY, 3n, centres(3, 30));
  await made.load('demo', JANUARY, 4n, centres(6, 40));
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 6, numbers: [40] });
  assert.deepEqual(await made.month('demo', FEBRUARY), { rows: 4, numbers: [20] });
  assert.deepEqual(await made.month('other', JANUARY), { rows: 3, numbers: [30] });
  const loads = await made.query(
    'SELECT domain, month::text, token::int, sources, rows::int FROM dimagi_lake.load ORDER BY token',
  );
  assert.deepEqual(loads, [
    { domain: 'demo', month: FEBRUARY, token: 2, sources: { raw_weight_form: '2' }, rows: 4 },
    { domain: 'other', month: JANUARY, token: 3, sources: { raw_weight_form: '3' }, rows: 3 },
    { domain: 'demo', month: JANUARY, token: 4, sources: { raw_weight_form: '4' }, rows: 6 },
  ]);
  assert.deepEqual(await made.stagingTables(), []);
});

test('a month without rows is an empty month', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(5, 10));
  assert.equal(await made.load('demo', JANUARY, 2n, []), 0n);
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 0, numbers: [] });
});

test('a table without months is replaced whole, domain by domain', async (t) => {
  const made = await server.fresh(t);
  const { columns, ...rest } = WEIGHED;
  const table = {
    ...rest,
    table: 'places',
    monthly: false,
    columns: columns.filter(({ name }) => name !== 'month'),
  };
  await made.warehouse.prepare(table);
  for (const [domain, token] of [
    ['demo', 1n],
    ['other', 2n],
    ['demo', 3n],
  ] as const) {
    const staging = await made.warehouse.openStaging(table, { domain, month: null }, token);
    await made.query(`INSERT INTO dimagi_lake_staging.${staging.name} VALUES ($1, 'd', $2, 1)`, [
      domain,
      `c${token}`,
    ]);
    await made.warehouse.finishStaging(staging, { rows: 1n });
    await made.warehouse.swap(staging, { sources: new Map() });
  }
  assert.deepEqual(await made.query('SELECT domain, centre_id FROM places ORDER BY 1'), [
    { domain: 'demo', centre_id: 'c3' },
    { domain: 'other', centre_id: 'c2' },
  ]);
  const loads = await made.query('SELECT domain, month, token::int FROM dimagi_lake.load ORDER BY 1');
  assert.deepEqual(loads, [
    { domain: 'demo', month: null, token: 3 },
    { domain: 'other', month: null, token: 2 },
  ]);
});

test('of two loads the one of the later run stays, whichever is done last', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const old = await made.stage('demo', JANUARY, 7n, centres(3, 7));
  await made.warehouse.finishStaging(old, { rows: 3n });
  // The later run finds the earlier one's staging table and takes it away.
  await made.load('demo', JANUARY, 8n, centres(3, 8));
  await assert.rejects(
    made.warehouse.swap(old, { sources: new Map() }),
    (thrown) => thrown instanceof LakeError,
  );
  await assert.rejects(
    made.warehouse.openStaging(WEIGHED, { domain: 'demo', month: JANUARY }, 7n),
    code('LOAD_FENCED'),
  );
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 3, numbers: [8] });
});

test('an earlier run is refused while a later one is loading', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const later = await made.stage('demo', JANUARY, 9n, centres(2, 9));
  await assert.rejects(
    made.warehouse.openStaging(WEIGHED, { domain: 'demo', month: JANUARY }, 8n),
    code('LOAD_FENCED'),
  );
  await made.warehouse.finishStaging(later, { rows: 2n });
  await made.warehouse.swap(later, { sources: new Map() });
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 2, numbers: [9] });
});

test('a swap that was committed is not done again, and a load of the same run leaves no litter', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const staging = await made.stage('demo', JANUARY, 5n, centres(3, 5));
  await made.warehouse.finishStaging(staging, { rows: 3n });
  assert.equal(await made.warehouse.swap(staging, { sources: new Map() }), 3n);
  assert.equal(await made.warehouse.swap(staging, { sources: new Map() }), 3n);
  const again = await made.stage('demo', JANUARY, 5n, centres(3, 6));
  await made.warehouse.finishStaging(again, { rows: 3n });
  assert.equal(await made.warehouse.swap(again, { sources: new Map() }), 3n);
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 3, numbers: [5] });
  assert.deepEqual(await made.stagingTables(), []);
});

test('what is not the month as the lake has it is refused with counts, and the old rows stay', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(3, 1));
  const audit = (staging: Parameters<typeof sql>[1]) => [
    { name: 'no_children', query: sql`SELECT * FROM ${staging} WHERE children < 0` },
  ];
  const cases: readonly [string, Parameters<typeof made.load>[3], bigint, RegExp][] = [
    ['rows_arrived', centres(4, 2), 3n, /4 rows arrived, the lake has 3/],
    ['keys_unique', [...centres(3, 2), ...centres(2, 3)], 5n, /2 keys stand more than once/],
    [
      'keys_unique',
      [
        { district: 'd', centre: null, children: 1 },
        { district: 'd', centre: null, children: 1 },
      ],
      2n,
      /1 keys/,
    ],
    [
      'no_children',
      [...centres(3, 2), { district: 'd', centre: 'secret', children: -1 }],
      4n,
      /it found 1 rows/,
    ],
  ];
  let token = 1n;
  for (const [name, rows, expected, message] of cases) {
    const staging = await made.stage('demo', JANUARY, ++token, rows);
    await assert.rejects(
      made.warehouse.finishStaging(staging, { rows: expected, audits: audit }),
      (thrown: unknown) => {
        assert.ok(thrown instanceof LakeError);
        assert.equal(thrown.code, 'AUDIT_FAILED', thrown.message);
        assert.equal(thrown.facts['audit'], name);
        assert.match(thrown.message, message);
        assert.doesNotMatch(
          JSON.stringify([thrown.message, thrown.facts, String(thrown.cause)]),
          /secret|c0/,
        );
        return true;
      },
    );
  }
  const strange = await made.stage('demo', JANUARY, 20n, centres(1, 1));
  await made.write({ ...strange, domain: 'other' }, centres(1, 1));
  await assert.rejects(
    made.warehouse.finishStaging(strange, { rows: 2n }),
    /1 rows are of another domain or month/,
  );
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 3, numbers: [1] });
});

test('once complete, a staging table is out of reach of a driver that was believed dead', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const staging = await made.stage('demo', JANUARY, 1n, centres(3, 1));
  await made.warehouse.finishStaging(staging, { rows: 3n });
  await assert.rejects(made.write(staging, centres(3, 2)), /does not exist/);
  // Finishing again, after a crash, finds it as it is.
  await made.warehouse.finishStaging(staging, { rows: 3n });
  await made.warehouse.swap(staging, { sources: new Map() });
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 3, numbers: [1] });
});

test('what a driver of an earlier attempt still writes does not come to the next one', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const first = await made.stage('demo', JANUARY, 1n, centres(3, 1));
  const second = await made.stage('demo', JANUARY, 1n, centres(3, 2));
  await assert.rejects(made.write(first, centres(3, 1)), /does not exist/);
  assert.deepEqual(await made.stagingTables(), [second.name]);
  await made.warehouse.finishStaging(second, { rows: 3n });
  await made.warehouse.swap(second, { sources: new Map() });
  assert.deepEqual(await made.month('demo', JANUARY), { rows: 3, numbers: [2] });
});

test('litter of runs that are over is swept, what is being loaded stays', async (t) => {
  const made = await server.fresh(t);
  await made.warehouse.prepare(WEIGHED);
  const over = await made.stage('demo', JANUARY, 3n, centres(3, 1));
  const live = await made.stage('demo', FEBRUARY, 4n, centres(3, 1));
  assert.deepEqual(await made.warehouse.sweepLitter((token) => token === 4n), [over.name]);
  assert.deepEqual(await made.stagingTables(), [live.name]);
});

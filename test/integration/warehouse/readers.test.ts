import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { LakeError } from '../../../orchestrator/errors.js';
import { eventually } from '../../helpers/postgres-server.js';
import { centres, FEBRUARY, JANUARY, WarehouseServer, type TestWarehouse } from './warehouse-fixture.js';

const ROWS = 400;
const MONTH = `SELECT count(*)::int AS rows, coalesce(array_agg(DISTINCT children::int), '{}') AS numbers
  FROM weighed WHERE domain = 'demo' AND month = '${JANUARY}'`;

let server: WarehouseServer;
before(async () => {
  server = await WarehouseServer.start();
});
after(() => server.stop());

interface Seen {
  readonly rows: number;
  readonly numbers: number[];
}

async function look(client: pg.Client, text = MONTH): Promise<Seen> {
  const { rows } = await client.query<Seen>(text);
  const [seen] = rows;
  assert.ok(seen !== undefined);
  return seen;
}

/** Of one load, and all of it. @returns which load's */
function whole(seen: Seen, what: string): number {
  assert.equal(seen.rows, ROWS, what);
  assert.equal(seen.numbers.length, 1, what);
  return seen.numbers[0] ?? 0;
}

/** Asks again and again until told to stop. @returns numbers of the loads seen, in order */
async function readOn(
  made: TestWarehouse,
  stop: AbortSignal,
  ask: (client: pg.Client) => Promise<number>,
): Promise<number[]> {
  const client = await made.connect();
  const seen: number[] = [];
  while (!stop.aborted) seen.push(await ask(client));
  return seen;
}

test('readers see whole months all the while loads run, each later than the last', async (t) => {
  const made = await server.fresh(t, { WAREHOUSE_LOCK_SECONDS: '2', WAREHOUSE_READER_SECONDS: '10' });
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  const stop = new AbortController();
  const plain = async (client: pg.Client): Promise<number> => whole(await look(client), 'autocommit');
  const prepared = async (client: pg.Client): Promise<number> => {
    const { rows } = await client.query<Seen>({
      name: 'month',
      text: MONTH.replace("'demo'", '$1').replace(`'${JANUARY}'`, '$2'),
      values: ['demo', JANUARY],
    });
    assert.ok(rows[0] !== undefined);
    return whole(rows[0], 'prepared');
  };
  const inTransaction =
    (level: string) =>
    async (client: pg.Client): Promise<number> => {
      await client.query(`BEGIN ISOLATION LEVEL ${level}`);
      const first = whole(await look(client), level);
      const second = whole(await look(client), level);
      // A load's swap waits for whoever has read the month.
      assert.equal(second, first, level);
      const { rows } = await client.query<{ token: string }>(
        "SELECT token FROM dimagi_lake.load WHERE domain = 'demo'",
      );
      if (level !== 'READ COMMITTED')
        // A snapshot of just before a swap may find the rows of just after it, never the other way round.
        assert.ok(Number(rows[0]?.token) <= first, level);
      await client.query('COMMIT');
      return first;
    };
  const readers = [
    plain,
    prepared,
    inTransaction('READ COMMITTED'),
    inTransaction('REPEATABLE READ'),
    inTransaction('SERIALIZABLE'),
  ];
  const running = Promise.all(readers.map((ask) => readOn(made, stop.signal, ask)));
  // A reader that fails stops the loads too.
  void running.catch(() => {
    stop.abort();
  });
  for (let load = 2; load <= 25 && !stop.signal.aborted; load++)
    await made.load('demo', JANUARY, BigInt(load), centres(ROWS, load));
  stop.abort();
  for (const seen of await running) {
    assert.ok(new Set(seen).size > 3, 'the readers were there while the loads ran');
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
      'no reader sees an older load after a newer one',
    );
  }
});

test('a long reader of another month or domain is not waited for', async (t) => {
  const made = await server.fresh(t, { WAREHOUSE_LOCK_SECONDS: '30', WAREHOUSE_LOCK_ATTEMPTS: '1' });
  for (const [domain, month] of [
    ['demo', JANUARY],
    ['demo', FEBRUARY],
    ['other', JANUARY],
  ] as const)
    await made.load(domain, month, 1n, centres(ROWS, 1));
  const long = await made.connect();
  await long.query('BEGIN');
  await look(long, MONTH.replace(JANUARY, FEBRUARY));
  await look(long, MONTH.replace('demo', 'other'));
  const partition = await leafOf(made);
  await made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  // Swapped in, not written anew: another table stands there.
  assert.notEqual(await leafOf(made), partition);
  assert.equal(whole(await look(long), 'a month it had not read'), 2);
  await long.query('COMMIT');
});

test('a long reader of the month keeps it as it read it, delays nobody, and the load goes on', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  const long = await made.connect();
  await long.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  assert.equal(whole(await look(long), 'long'), 1);
  const leaf = await leafOf(made);
  const stop = new AbortController();
  const others = readOn(made, stop.signal, async (client) => {
    // Fails when a swap made it wait longer than its own limit.
    await client.query("SET lock_timeout = '5s'");
    return whole(await look(client), 'other');
  });
  void others.catch(() => undefined);
  await made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  stop.abort();
  await others;
  assert.equal(await leafOf(made), leaf, 'the rows were replaced, the table stays');
  assert.equal(whole(await look(long), 'long'), 1);
  await long.query('COMMIT');
  assert.equal(whole(await look(long), 'long, later'), 2);
  // With the reader gone the next load is a swap again.
  await made.load('demo', JANUARY, 3n, centres(ROWS, 3));
  assert.notEqual(await leafOf(made), leaf);
});

test('a transaction that is older than the load and reads the month first after it sees a whole month', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  await made.load('demo', FEBRUARY, 1n, centres(ROWS, 1));
  const old = await made.connect();
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await look(old, MONTH.replace(JANUARY, FEBRUARY));
  await made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  assert.equal(whole(await look(old), 'old'), 1);
  await old.query('COMMIT');
  assert.equal(whole(await look(old), 'new'), 2);
});

test('so does one of another login, whose snapshot is hidden from us', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  await made.query('GRANT SELECT ON weighed TO dashboard');
  const old = await made.connect('dashboard');
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await old.query('SELECT 1');
  await made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  assert.equal(whole(await look(old), 'old'), 1);
  await old.query('COMMIT');
});

test('a short transaction that is older than the load is waited for, then the load is a swap', async (t) => {
  const made = await server.fresh(t, { WAREHOUSE_READER_SECONDS: '60' });
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  const old = await made.connect();
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await old.query('SELECT count(*) FROM dimagi_lake.load');
  const leaf = await leafOf(made);
  const load = made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  await eventually(async () => {
    const [sealed] = await made.stagingTables();
    return sealed?.endsWith('_sealed') === true;
  });
  assert.equal(whole(await look(old), 'old'), 1);
  await old.query('COMMIT');
  await load;
  assert.notEqual(await leafOf(made), leaf);
});

test('who holds a month for writing makes the load fail as busy, and it can be done again', async (t) => {
  const made = await server.fresh(t);
  await made.load('demo', JANUARY, 1n, centres(ROWS, 1));
  const holder = await made.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE weighed IN SHARE MODE');
  await assert.rejects(
    made.load('demo', JANUARY, 2n, centres(ROWS, 2)),
    (thrown: unknown) => thrown instanceof LakeError && thrown.code === 'WAREHOUSE_BUSY' && thrown.retryable,
  );
  await holder.query('COMMIT');
  assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [1] });
  await made.load('demo', JANUARY, 2n, centres(ROWS, 2));
  assert.deepEqual(await made.month('demo', JANUARY), { rows: ROWS, numbers: [2] });
});

/** The table that holds the rows of January, by its file: a swap brings another. */
async function leafOf(made: TestWarehouse): Promise<unknown> {
  const [leaf] = await made.query(
    `SELECT DISTINCT tableoid::int AS leaf FROM weighed WHERE domain = 'demo' AND month = '${JANUARY}'`,
  );
  return leaf?.['leaf'];
}

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import {
  changeUnheard,
  copyUnheard,
  damageLake,
  ODD_COPIES,
  removeUnheard,
  type DamagedTable,
  type Expected,
} from '../helpers/lake-faults.js';
import { lakeRows } from '../helpers/lake-rows.js';
import { startProcess } from '../helpers/orchestrator.js';
import { findingsOf, reconcile, type Reconciled } from '../helpers/reconciled.js';
import { pick, seeded, shuffled } from '../helpers/seeded.js';
import { change } from '../helpers/small-programme.js';
import { sparkSql } from '../helpers/spark-sql.js';
import { until } from '../helpers/until.js';
import { BREAKS } from '../hq-sim/breaks.js';
import { CHANGES } from '../hq-sim/changes.js';
import { lakeConfigText } from '../hq-sim/programme/lake-config.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import { TOPICS } from '../../orchestrator/types.js';

const CASE_ROWS = 'form_processor_commcarecasesql';
const FORM_ROWS = 'form_processor_xforminstancesql';
/** Every kind but an edited type: what the lake makes of it waits for the next look at the types. */
const KINDS = Object.keys(CHANGES).filter((kind) => kind !== 'rename-location-type');
/** Tables with a filter or hook, which the oracle knows nothing of. */
const FILTERED = ['raw_member_case', 'raw_home_visit_form'];
const random = seeded(16);

/** Half of the members, and of the visits those whose id begins with 1 to 7: one with 0 fails in the hook. */
const HOOK = `export default function (record) {
  if (record._id.startsWith('0')) throw new RangeError('a fault of the hook');
  return record._id < '8' ? record : null;
}
`;

function config(domain: string): string {
  const { domains } = parse(lakeConfigText(domain)) as { domains: Record<string, Record<string, unknown>> };
  const own = domains[domain] ?? {};
  own['cases'] = { child_care: {}, member: {}, former_member: {} };
  own['tables'] = {
    raw_member_case: { transforms: [{ filter: { column: 'name', matches: '^[A-M]' } }] },
    raw_home_visit_form: { transforms: [{ hook: 'visit.js' }] },
  };
  return stringify({ domains });
}

test('reconcile finds each of 1,000 faults and nothing else, also while HQ changes, and makes them right', async (t) => {
  const lake = await freshLake(t, { config });
  writeFileSync(join(dirname(lake.env['LAKE_CONFIG'] ?? ''), 'visit.js'), HOOK);
  await loadProgramme(lake.hq, lake.clock, { domain: lake.domain, forms: 1_600, months: 2, centres: 8 });
  await change(lake, 'case-type', 4);
  const broken = { domain: lake.domain, count: 6, salt: 'broken', topic: 'form-sql' as const };
  await BREAKS['unparsable-xml'].act(lake.hq, broken);
  await lake.ingestAll();

  await t.test('while HQ changes and the lake follows, nothing is called a fault', async () => {
    const stop = await startWorkload(lake);
    for (let round = 1; round <= 2; round++) {
      const { report } = await reconcile(lake, '--settle', '3', '--wait', '60');
      assert.deepEqual([...(await findingsOf(lake, report))], [], `round ${round}`);
    }
    assert.ok((await stop()) > 5, 'HQ has changed');
    await lake.ingestAll();
    const { code, report } = await reconcile(lake, '--settle', '0');
    assert.equal(code, 0, JSON.stringify(report.tables));
    await requireAsideAndLeftOut(lake, report);
  });

  const expected: Expected = new Set();
  await t.test('1,000 faults of every kind are found, none is false', async () => {
    await damage(lake, expected);
    assert.equal(expected.size, 1_000);
    const { code, report } = await reconcile(lake, '--settle', '0', '--wait', '0');
    assert.deepEqual(sorted(await findingsOf(lake, report)), sorted(expected));
    assert.deepEqual([code, report.differences, report.unjudged], [8, 1_000, 0]);
  });

  await t.test(
    'a repair that is killed leaves nothing half done; the next one makes all of it right',
    async () => {
      const first = startProcess(
        'reconcile',
        ['reconcile', lake.domain, '--settle', '0', '--repair'],
        lake.env,
      );
      await until('a repair is asked for', async () => (await asked(lake)) > 0);
      first.kill('SIGKILL');
      await first.ended;
      const running = TOPICS.map((topic) => lake.start(topic, {}, []));
      const { report } = await reconcile(lake, '--settle', '1', '--wait', '240', '--repair');
      for (const one of running) one.kill('SIGTERM');
      await Promise.all(running.map((one) => one.ended));
      assert.equal(report.differences, 0, JSON.stringify(report.tables));
      await lake.ingestAll();
      const { code, report: again } = await reconcile(lake, '--settle', '0');
      assert.equal(code, 0, JSON.stringify(again.tables));
      const { rows } = await lake.ledger.query<{ state: string }>(
        'SELECT state FROM reconcile_run WHERE repair ORDER BY id',
      );
      assert.deepEqual(
        rows.map(({ state }) => state),
        ['failed', 'done'],
      );
      await requireRight(lake);
      await requireExactlyOnce(lake);
    },
  );

  await t.test('what is asked for in the ledger is done by a process with workers', async () => {
    const { rows } = await lake.ledger.query<{ id: string }>(
      `INSERT INTO reconcile_run (domain, repair, requested_by, asked, state) VALUES ($1, true, 'a test', true, 'waiting')
       RETURNING id::text AS id`,
      [lake.domain],
    );
    const up = startProcess('up', ['up', '--only', 'workers'], lake.env);
    const [done] = await until('it is done', async () => {
      const { rows: ended } = await lake.ledger.query<{
        state: string;
        differences: number;
        failure: string | null;
      }>(
        'SELECT state, differences::int AS differences, failure FROM reconcile_run WHERE id = $1 AND ended_at IS NOT NULL',
        [rows[0]?.id],
      );
      return ended.length > 0 && ended;
    });
    up.kill('SIGTERM');
    await up.ended;
    assert.deepEqual(done, { state: 'done', differences: 0, failure: null });
  });
});

/** Ingestion of every topic, and one change after the other. @returns its end: how many changes there were */
async function startWorkload(lake: FreshLake): Promise<() => Promise<number>> {
  const running = TOPICS.map((topic) => lake.start(topic, {}, []));
  const told = { over: false, changes: 0 };
  const work = (async (): Promise<void> => {
    while (!told.over) {
      // Some kinds find nothing to change before others have made it.
      await change(lake, pick(random, KINDS)).then(
        () => told.changes++,
        (thrown: unknown) => {
          if (!(thrown instanceof Error) || !thrown.message.endsWith('found nothing to change')) throw thrown;
        },
      );
    }
  })();
  await until('HQ changes', () => told.changes > 2);
  return async () => {
    told.over = true;
    await work;
    for (const one of running) one.kill('SIGTERM');
    await Promise.all(running.map((one) => one.ended));
    return told.changes;
  };
}

/** What cannot be read is told apart, and so is what a filter or hook keeps out. */
async function requireAsideAndLeftOut(lake: FreshLake, { tables }: Reconciled): Promise<void> {
  const { rows } = await lake.ledger.query<{ aside: number }>(
    "SELECT count(DISTINCT record_id)::int AS aside FROM quarantine WHERE state = 'open'",
  );
  const told = tables.reduce((sum, { setAside }) => sum + setAside, 0);
  assert.ok(told > 0 && told <= (rows[0]?.aside ?? 0), `${told} are set aside`);
  const { rows: known } = await lake.ledger.query<{ type: string }>(
    'SELECT DISTINCT type FROM reconcile_left_out',
  );
  assert.equal(known.length, 2, 'what the filter and the hook keep out is remembered');
}

async function damage(lake: FreshLake, expected: Expected): Promise<void> {
  const tables = await damagedTables(lake);
  const pool: { table: DamagedTable; id: string }[] = [];
  for (const table of tables)
    for (const id of (await lakeRows(lake, table.path)).keys()) pool.push({ table, id });
  const rest = shuffled(
    random,
    pool.filter(({ id }) => !id.includes("'")),
  );
  const take = (count: number, of: (name: string) => boolean): { table: DamagedTable; id: string }[] => {
    const taken = rest.filter(({ table }) => of(table.name)).slice(0, count);
    assert.equal(taken.length, count);
    for (const each of taken) rest.splice(rest.indexOf(each), 1);
    return taken;
  };
  const ids = (some: readonly { id: string }[]): string[] => some.map(({ id }) => id);
  const is = (name: string) => (other: string) => name === other;

  const changed = take(50, is('raw_child_care_case'));
  await changeUnheard(lake, CASE_ROWS, ids(changed), 'server_modified_on = now()');
  note(expected, 'stale', changed);
  const deleted = take(20, is('raw_child_care_case'));
  await changeUnheard(lake, CASE_ROWS, ids(deleted), 'deleted = true, deleted_on = now()');
  const purged = take(20, is('raw_child_care_case'));
  await removeUnheard(lake, ids(purged));
  const archived = take(60, (name) => name.endsWith('_form'));
  await changeUnheard(lake, FORM_ROWS, ids(archived), 'state = 2');
  note(expected, 'ghost', [...deleted, ...purged, ...archived]);
  // The filter lets them in no more, so that their rows have to go.
  const refused = take(5, is('raw_member_case'));
  await changeUnheard(lake, CASE_ROWS, ids(refused), "name = 'Zed', server_modified_on = now()");
  note(expected, 'ghost', refused);
  const retyped = take(10, is('raw_child_care_case'));
  await changeUnheard(lake, CASE_ROWS, ids(retyped), "type = 'former_member'");
  note(expected, 'ghost', retyped);
  for (const { id } of retyped) expected.add(`missing raw_former_member_case ${id}`);
  const [original] = take(1, is('raw_child_care_case'));
  const copies = [
    ...ODD_COPIES,
    ...Array.from({ length: 25 }, (_, at) => ({ id: `copy-${at}`, revision: '2026-02-01Z' })),
  ];
  await copyUnheard(lake, original?.id ?? '', copies);
  for (const { id } of copies) expected.add(`missing raw_child_care_case ${id}`);

  const gone = take(300, () => true);
  const older = take(300, () => true);
  const copied = take(1_000 - expected.size - 600, () => true);
  const statements = tables.flatMap((table) => {
    const own = (some: readonly { table: DamagedTable; id: string }[]): string[] =>
      ids(some.filter((each) => each.table === table));
    return damageLake(lake, table, { gone: own(gone), older: own(older), copied: own(copied) }, expected);
  });
  await sparkSql(lake, statements);
}

function note(expected: Expected, fault: string, some: readonly { table: DamagedTable; id: string }[]): void {
  for (const { table, id } of some) expected.add(`${fault} ${table.name} ${id}`);
}

/** Every table that has been written. */
async function damagedTables(lake: FreshLake): Promise<DamagedTable[]> {
  const { rows } = await lake.ledger.query<{ name: string; path: string }>(
    'SELECT table_name AS name, path FROM lake_table WHERE domain = $1 ORDER BY id',
    [lake.domain],
  );
  const written = lake.commits();
  return rows
    .map(({ name, path }) => ({ name, path: path.split('/').slice(-2).join('/') }))
    .filter(({ path }) => written.has(path));
}

async function asked(lake: FreshLake): Promise<number> {
  const { rowCount } = await lake.ledger.query('SELECT 1 FROM reconcile_request');
  return rowCount ?? 0;
}

async function requireRight(lake: FreshLake): Promise<void> {
  const tables = (await damagedTables(lake)).filter(({ name }) => !FILTERED.includes(name));
  await lake.requireEqual({
    tables: tables.map(({ path }) => `${lake.domain}/${path}`),
    locationColumns: 'ignore',
  });
}

function sorted(some: ReadonlySet<string>): string[] {
  return [...some].sort();
}

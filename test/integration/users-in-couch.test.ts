import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { EXIT } from '../../orchestrator/errors.js';
import { COUCH_LOGIN } from '../helpers/couch-server.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { startTcpGate } from '../helpers/tcp-gate.js';
import { until } from '../helpers/until.js';
import { element, fields, writeXml } from '../hq-sim/xml-writer.js';
import { runOracle } from '../oracle/oracle.js';

const VISIT = 'http://openrosa.org/formdesigner/visit';
const TOPICS = ['case-sql', 'form-sql'] as const;
const DATABASE = 'commcarehq__users';
/** Ids that would be something else in a URL, in JSON, in SQL or in CouchDB. */
const HOSTILE = ["o'brien", 'a/b?c=d&e#f', '"],"keys":["x', 'ü 😀 %2F', '$1 -- \\', '0'];

test('forms and cases stand at the places of users whose documents are in HQ’s CouchDB', async (t) => {
  const lake = await freshLake(t, { users: 'couchdb', config });
  const couch = lake.couch ?? assert.fail('the test has a CouchDB');
  await plantPlaces(lake);

  await t.test(
    'a login that is refused, or no such database, ends at the start: told without the password',
    async () => {
      const faults = [
        [
          couch.users(DATABASE, COUCH_LOGIN.login, 'top-secret'),
          /HQ_USERS: .*refuses the login of HQ_USERS \(401\)/,
        ],
        [couch.users('absent', COUCH_LOGIN.login), /HQ_USERS: .*no such database \(404\)/],
        [couch.users(DATABASE, COUCH_LOGIN.login, 'top-secret', 1), /HQ_USERS: .*failed/],
      ] as const;
      for (const [HQ_USERS, told] of faults) {
        const { code, stderr } = await lake.ingest('form-sql', { HQ_USERS });
        assert.equal(code, EXIT.unreachable, stderr);
        assert.match(stderr, told);
        assert.doesNotMatch(stderr, /top-secret|p%2Fw/);
      }
      const { findings } = (await dimagiLake(lake, 'doctor').catch(
        (thrown: unknown) => JSON.parse((thrown as { stdout: string }).stdout) as unknown,
      )) as { findings: { name: string; state: string; detail: string }[] };
      const users = findings.find(({ name }) => name === "HQ's users");
      assert.equal(users?.state, 'ok', users?.detail);
      assert.match(users.detail, /^\d+ documents in couchdb\+http:\/\/127\.0\.0\.1:\d+\/commcarehq__users$/);
    },
  );

  await t.test('mobile workers and web users, of any id, and those who are deleted or unknown', async () => {
    await writeRecords(lake, [...HOSTILE, 'worker', 'web', 'retired', 'removed', 'elsewhere', 'never']);
    await lake.ingestAll(TOPICS);
    await lake.requireEqual();
    const without = await runOracle({ ...process.env, ...lake.env, HQ_USERS: 'none' });
    const [cases, visits] = without.tables.map(
      ({ differing }) => new Set(differing.cells.map(({ id }) => id)).size,
    );
    assert.equal(without.ok, false);
    assert.ok((cases ?? 0) > HOSTILE.length && (visits ?? 0) > HOSTILE.length, JSON.stringify(without));
  });

  await t.test(
    'a process that goes on tells no stale place; a CouchDB that goes away is waited for',
    async () => {
      const gate = await startTcpGate(t, '127.0.0.1', couch.port);
      const running = lake.start(
        'form-sql',
        { HQ_USERS: couch.users(DATABASE, COUCH_LOGIN.login, COUCH_LOGIN.password, gate.port) },
        [],
      );
      await submitVisits(lake, ['worker', 'web', ...HOSTILE]);
      await committed(lake);
      await moveAll(lake, 'clinic-3');
      await submitVisits(lake, ['worker', 'web', ...HOSTILE]);
      await committed(lake);
      const outage = lake.clock.next();
      await gate.shut();
      await moveAll(lake, 'clinic-4');
      await submitVisits(lake, ['worker', 'web', 'never', ...HOSTILE]);
      await running.says('HQ_READ_FAILED');
      await gate.open();
      await committed(lake);
      running.kill('SIGTERM');
      const { code, stderr } = await running.ended;
      assert.equal(code, EXIT.ok, stderr);
      for (const secret of [COUCH_LOGIN.password, encodeURIComponent(COUCH_LOGIN.password)])
        assert.ok(!stderr.includes(secret));
      // What was written before the last move keeps the place it was written with.
      await lake.requireEqual({ locationColumns: 'written' });
      const { openPlaces, actualRows } = visitsIn(await lake.oracle({ locationColumns: 'written' }));
      assert.equal(actualRows - openPlaces, HOSTILE.length + 3 + NOWHERE, `since ${outage}`);
      const { rows } = await lake.ledger.query(
        "SELECT 1 FROM quarantine UNION ALL SELECT 1 FROM topic WHERE state <> 'running'",
      );
      assert.deepEqual(rows, []);
    },
  );

  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, TOPICS);
});

/** Visits of the second part whose users are in no place and do not change: retired, removed, elsewhere, never. */
const NOWHERE = 4;

function visitsIn({ tables }: Awaited<ReturnType<FreshLake['oracle']>>): {
  openPlaces: number;
  actualRows: number;
} {
  return (
    tables.find(({ table }) => table.includes('/form-sql/')) ?? assert.fail('there is no table of visits')
  );
}

function config(domain: string): string {
  const kept = {
    location_levels: ['state', 'clinic'],
    record_location: ['owner', 'user'],
    cases: { child: {} },
    forms: { [VISIT]: { name: 'visit' } },
  };
  return stringify({ domains: { [domain]: kept } });
}

async function plantPlaces({ hq, domain, couch }: FreshLake): Promise<void> {
  await hq.createLocationTypes(domain, [
    { code: 'state', name: 'State' },
    { code: 'clinic', name: 'Clinic', parentCode: 'state' },
  ]);
  const clinics = ['clinic-1', 'clinic-2', 'clinic-3', 'clinic-4'];
  await hq.createLocations(domain, [
    { name: 'Bihar', typeCode: 'state', siteCode: 'bihar', locationId: 'bihar' },
    ...clinics.map((id) => ({
      name: id,
      typeCode: 'clinic',
      siteCode: id,
      locationId: id,
      parentId: 'bihar',
    })),
  ]);
  const worker = (userId: string, locationId: string | null): Promise<void> =>
    hq.saveUser(domain, { userId, username: userId, locationId, caseId: randomUUID() });
  for (const id of HOSTILE) await worker(id, 'clinic-1');
  await worker('worker', 'clinic-2');
  await hq.saveWebUser({ userId: 'web', username: 'web', places: { another: 'far', [domain]: 'clinic-2' } });
  await hq.saveUser('another', {
    userId: 'elsewhere',
    username: 'e',
    locationId: 'clinic-1',
    caseId: randomUUID(),
  });
  await worker('retired', 'clinic-1');
  await hq.deleteUser(domain, 'retired');
  await worker('removed', 'clinic-1');
  const { answer } = (await couch?.ask('GET', `/${DATABASE}/removed`)) ?? assert.fail();
  await couch?.ask('DELETE', `/${DATABASE}/removed?rev=${(answer as { _rev: string })._rev}`);
}

/** A visit of each user, and a case that each owns; two cases are a location's own. */
async function writeRecords(lake: FreshLake, users: readonly string[]): Promise<void> {
  await submitVisits(lake, users);
  await lake.hq.submitCases(
    lake.domain,
    [...users, 'clinic-2', 'bihar'].map((ownerId) => ({
      caseId: randomUUID(),
      create: { type: 'child', name: 'child', ownerId },
    })),
  );
}

async function submitVisits(lake: FreshLake, users: readonly string[]): Promise<void> {
  await lake.hq.submitForms(users.map((userId) => ({ xml: visitXml(userId), domain: lake.domain })));
}

function visitXml(userID: string): string {
  const time = '2026-02-03T10:00:00.000000Z';
  const ids = { deviceID: 'phone', timeStart: time, timeEnd: time, userID, instanceID: randomUUID() };
  const meta = element('meta', fields(ids), { xmlns: 'http://openrosa.org/jr/xforms' });
  return writeXml(element('data', [element('weight', '2.5'), meta], { xmlns: VISIT, name: 'Visit' }));
}

async function moveAll({ hq, domain }: FreshLake, locationId: string): Promise<void> {
  for (const userId of [...HOSTILE, 'worker'])
    await hq.saveUser(domain, { userId, username: userId, locationId, caseId: randomUUID() });
  await hq.saveWebUser({ userId: 'web', username: 'web', places: { [domain]: locationId } });
}

/** Waits until all that HQ has announced of forms is in the lake. */
async function committed(lake: FreshLake): Promise<void> {
  const { databases } = lake.hq.context;
  const counts = await Promise.all(
    databases.shards.map((shard) =>
      shard.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM form_processor_xforminstancesql WHERE xmlns = $1',
        [VISIT],
      ),
    ),
  );
  const forms = counts.reduce((sum, { rows }) => sum + (rows[0]?.count ?? 0), 0);
  await until(`${forms} visits are in the lake`, async () => {
    const { rows } = await lake.ledger.query<{ count: number }>(
      `SELECT coalesce(sum(l.inserted), 0)::int AS count FROM lane l JOIN batch b ON b.id = l.batch_id
       WHERE b.topic = 'form-sql' AND b.state = 'committed'`,
    );
    return rows[0]?.count === forms;
  });
}

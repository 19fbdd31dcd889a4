import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { settleRequests } from '../../../orchestrator/ledger/reprocess.js';
import { cancelReprocess, retryReprocess } from '../../../orchestrator/reprocess/requests.js';
import { DOMAIN } from '../extract/hq-fixture.js';
import { idsOf, ReprocessWorld, VISIT, YAML } from './reprocess-world.js';

/** Microseconds count: HQ's times have six digits. */
const MOMENT = '2026-03-05T10:00:00.123456Z';

describe('pages of what is read from HQ again', () => {
  let world: ReprocessWorld;
  const hq = (shard: 'hq_main' | 'hq_p1' | 'hq_p2', text: string): Promise<Record<string, unknown>[]> =>
    world.fixture.server.query(shard, text, []);
  before(async () => {
    world = await ReprocessWorld.open();
    // More rows of others than one statement looks through, before, between and behind ours.
    await addForms('hq_p1', 'another', 'x', 25_000);
    await addForms('hq_p1', DOMAIN, 'a', 12_000);
    await addForms('hq_p1', 'another', 'y', 3_000);
    await addForms('hq_p2', DOMAIN, 'b', 700);
    await hq(
      'hq_p1',
      `UPDATE form_processor_xforminstancesql SET server_modified_on = '${MOMENT}' WHERE id % 25 = 7`,
    );
    await hq('hq_p1', `UPDATE form_processor_xforminstancesql SET state = 2 WHERE form_id = 'a-5'`);
    await hq('hq_p2', `UPDATE form_processor_xforminstancesql SET deleted_on = now() WHERE form_id = 'b-5'`);
    for (const shard of ['hq_p1', 'hq_p2'] as const)
      await hq(shard, 'CREATE INDEX ON form_processor_xforminstancesql (server_modified_on)');
    await world.fixture.addLocationTree();
  });
  after(() => world.close());
  beforeEach(() => world.forget());

  /** Received a minute after each other from the first of 2026 on, and modified a second later. */
  async function addForms(
    shard: 'hq_p1' | 'hq_p2',
    domain: string,
    name: string,
    count: number,
  ): Promise<void> {
    await hq(
      shard,
      `INSERT INTO form_processor_xforminstancesql (form_id, domain, xmlns, received_on, server_modified_on)
       SELECT '${name}-' || n, '${domain}', '${VISIT}', '2026-01-01Z'::timestamptz + n * interval '1 minute',
         '2026-01-01Z'::timestamptz + n * interval '1 minute' + interval '1 second' FROM generate_series(1, ${count}) n`,
    );
  }
  /** Live forms of ours for which a condition holds. */
  async function formsWhere(condition: string): Promise<string[]> {
    const ids: string[] = [];
    for (const shard of ['hq_p1', 'hq_p2'] as const) {
      const where = `domain = '${DOMAIN}' AND state = 1 AND deleted_on IS NULL AND (${condition})`;
      for (const { id } of await hq(
        shard,
        `SELECT form_id AS id FROM form_processor_xforminstancesql WHERE ${where}`,
      ))
        ids.push(String(id));
    }
    return ids.sort();
  }

  test('a domain is read whole: each live record once, and what the lake has and HQ has not', async () => {
    await world.known('form', VISIT, '2026-01-01', ['a-1', 'a-5', 'b-5', 'purged']);
    const id = await world.ask({}, { kind: 'migration' });
    const pages = await world.drain();
    const forms = pages.filter(({ topic }) => topic === 'form-sql');
    assert.deepEqual(idsOf(forms).sort(), [...(await formsWhere('true')), 'a-5', 'b-5', 'purged'].sort());
    assert.ok(forms.every(({ kind }) => kind === 'migration'));
    const places = pages.filter(({ topic }) => topic === 'location').flatMap(({ entries }) => entries);
    assert.deepEqual(places.map((entry) => entry.id).sort(), [
      'clinic-1',
      'clinic-2',
      'district-1',
      'state-1',
    ]);
    assert.ok(
      places.every(({ alone }) => alone),
      'each brings itself only, for all are listed',
    );
    assert.deepEqual(await world.stateOf(id), { state: 'done', records: 12_705n, failure_code: null });
  });

  test('any number of records may share a moment; a span begins with its first moment and ends before its last', async () => {
    const at = `server_modified_on = '${MOMENT}'`;
    assert.ok((await formsWhere(at)).length > 400);
    await world.ask({
      topic: 'form-sql',
      from: '2026-03-05T10:00:00.123Z',
      until: '2026-03-05T10:00:00.124Z',
    });
    assert.deepEqual(idsOf(await world.drain()).sort(), await formsWhere(at));
    await world.forget();
    const [from, until] = ['2026-01-02T00:00:00Z', '2026-01-06T03:00:00Z'];
    await world.ask({ topic: 'form-sql', from, until });
    const inSpan = (column: string): string => `${column} >= '${from}' AND ${column} < '${until}'`;
    const wanted = await formsWhere(`${inSpan('received_on')} OR ${inSpan('server_modified_on')}`);
    assert.deepEqual(idsOf(await world.drain()).sort(), wanted);
  });

  test('a span finds a form that was brought back without a new time of its own, and records that have gone', async () => {
    await hq(
      'hq_p2',
      `INSERT INTO form_processor_xformoperationsql (form_id, operation, date) VALUES
         ('b-9', 'archive', '2026-04-01T10:00Z'), ('b-9', 'unarchive', '2026-04-01T10:05Z'), ('b-8', 'archive', '2026-05-01Z')`,
    );
    await world.known('form', VISIT, null, ['b-10', 'purged']);
    await world.ask({ table: 'raw_visit_form', from: '2026-04-01T00:00:00Z', until: '2026-04-02T00:00:00Z' });
    assert.deepEqual(idsOf(await world.drain()).sort(), ['b-9', 'purged']);
  });

  test('a month is what the lake has of it, and what HQ received in it by the clocks of the domain', async () => {
    // The lake has a-1 in March, by the telephone's clock, and a-40 in January.
    await world.known('form', VISIT, '2026-03-01', ['a-1', 'gone']);
    await world.known('form', VISIT, '2026-01-01', ['a-40']);
    await world.ask({ month: '2026-01-01', table: 'raw_visit_form' });
    const received = await formsWhere(
      `received_on >= '2025-12-31T18:30Z' AND received_on < '2026-01-31T18:30Z'`,
    );
    assert.equal(received.length, 12_698);
    assert.deepEqual(idsOf(await world.drain()).sort(), received);
    await world.forget();
    await world.known('form', VISIT, '2026-03-01', ['a-1', 'gone']);
    await world.ask({ month: '2026-03-01', topic: 'form-sql' });
    assert.deepEqual(idsOf(await world.drain()).sort(), ['a-1', 'gone']);
  });

  test('two pollers at once, and a page whose transaction fails, leave out and double nothing', async () => {
    const id = await world.ask({ topic: 'form-sql' });
    const { database } = world.ledger;
    // Whoever comes second finds the list moved on.
    await world.turn('form-sql', 3);
    assert.equal((await world.pages()).length, 1);
    await database.query("ALTER TABLE batch ADD CONSTRAINT refused CHECK (kind <> 'reprocess') NOT VALID");
    while ((await world.stateOf(id)).failure_code === null) await world.turn('form-sql');
    await database.query('ALTER TABLE batch DROP CONSTRAINT refused');
    assert.equal((await world.stateOf(id)).failure_code, 'INTERNAL', 'it says why it does not go on');
    await database.query('UPDATE reprocess_part SET next_attempt_at = now()');
    assert.deepEqual(idsOf(await world.drain()).sort(), await formsWhere('true'));
    assert.equal((await world.stateOf(id)).failure_code, null);
  });

  test('live batches come first, few pages are open, and requests take turns', async () => {
    await world.known('form', VISIT, null, ['a-1']);
    const [first, second] = [
      await world.ask({ topic: 'form-sql' }),
      await world.ask({ table: 'raw_visit_form' }),
    ];
    await world.live('form');
    assert.equal(await world.turn('form-sql'), false);
    await world.ingest();
    while (await world.turn('form-sql'));
    const open = (await world.pages()).filter(({ entries }) => entries.length > 0);
    assert.deepEqual(
      open.map(({ request }) => request),
      [first, second],
    );
    await world.ledger.database.query("UPDATE topic SET state = 'paused' WHERE name = 'form-sql'");
    await world.ingest();
    assert.equal(await world.turn('form-sql'), false);
  });

  test('pages grow while nothing else comes, to the size of a live batch, and are small again after one', async () => {
    const sizes = async (): Promise<number[]> => (await world.pages()).map(({ entries }) => entries.length);
    const planned = async (pages: number): Promise<number[]> => {
      while ((await sizes()).length < pages) await world.turn('form-sql');
      return sizes();
    };
    await world.ask({ topic: 'form-sql' });
    world.parts = { ...world.parts, environment: { MAX_RECORDS_TO_PROCESS: 6_000 } };
    assert.deepEqual(await planned(2), [5_000, 6_000]);
    await world.forget();
    await world.ask({ topic: 'form-sql' });
    await planned(1);
    await world.live('form');
    await world.ingest();
    assert.deepEqual(await planned(2), [5_000, 5_000]);
  });

  test('a cancelled request plans no further page and can go on where it was', async () => {
    const id = await world.ask({ topic: 'form-sql' });
    await world.turn('form-sql');
    await cancelReprocess(world.parts, id, 'ann', 'too much');
    await assert.rejects(cancelReprocess(world.parts, id, 'ann', null), { code: 'REQUEST_ENDED' });
    await world.turn('form-sql');
    assert.equal((await world.pages()).length, 1);
    await settleRequests(world.ledger.database);
    assert.equal((await world.stateOf(id)).state, 'cancelled');
    await retryReprocess(world.parts, id);
    assert.deepEqual(idsOf(await world.drain()).sort(), await formsWhere('true'));
    assert.equal((await world.stateOf(id)).state, 'done');
  });

  test('ids that are named are read whatever they are, each once', async () => {
    const ids = Array.from({ length: 5_001 }, (_each, at) => `id-${at % 5_000}`);
    await world.ask({ ids, topic: 'case-sql' });
    const pages = await world.drain();
    assert.deepEqual(idsOf(pages).sort(), [...new Set(ids)].sort());
    assert.equal(pages.length, 1);
  });

  test('records of a type that lake.yaml keeps no more are left alone; a request for them fails', async () => {
    await world.known('case', 'child', null, ['c-1']);
    const [all, own] = [await world.ask({ topic: 'case-sql' }), await world.ask({ table: 'raw_child_case' })];
    await world.apply(YAML.replace('child: {}, ', ''));
    assert.deepEqual(idsOf(await world.drain()), []);
    assert.equal((await world.stateOf(all)).state, 'done');
    assert.deepEqual(await world.stateOf(own), {
      state: 'failed',
      records: 0n,
      failure_code: 'SCOPE_INVALID',
    });
  });
});

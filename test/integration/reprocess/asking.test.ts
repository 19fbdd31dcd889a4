import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { monthPublished } from '../../../orchestrator/ledger/aggregation-months.js';
import { readBatch } from '../../../orchestrator/ledger/batches.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { laneMerged, readLanes } from '../../../orchestrator/ledger/lanes.js';
import type { RequestScope } from '../../../orchestrator/ledger/reprocess.js';
import { commitStaging } from '../../../orchestrator/ledger/staging.js';
import { previewReprocess } from '../../../orchestrator/reprocess/preview.js';
import { reaggregateDone, type ReaggregateParts } from '../../../orchestrator/reprocess/reaggregate.js';
import { startReprocess } from '../../../orchestrator/reprocess/requests.js';
import { model } from '../../unit/aggregation/programme-models.js';
import { DOMAIN } from '../extract/hq-fixture.js';
import { lease } from '../ledger/fresh-ledger.js';
import { idsOf, ReprocessWorld, VISIT } from './reprocess-world.js';

const MODELS = [
  model('births', { raw_child_case: 'same' }),
  model('visits', { raw_visit_form: 'same' }),
  model('totals', {}, { births: 'same' }),
];
const [JAN, FEB, MAR] = ['2026-01-01', '2026-02-01', '2026-03-01'] as const;

describe('asking for records to be read from HQ again', () => {
  let world: ReprocessWorld;
  before(async () => {
    world = await ReprocessWorld.open();
    await addCases('hq_p1', 'child', 30, '2026-01-20Z');
    await addCases('hq_p2', 'child', 12, '2026-02-20Z');
    await addCases('hq_p2', 'member', 5, '2026-02-20Z');
    await addCases('hq_p2', 'unlisted', 7, '2026-02-20Z');
    await world.fixture.addLocationTree();
  });
  after(() => world.close());
  beforeEach(() => world.forget());

  async function addCases(
    shard: 'hq_p1' | 'hq_p2',
    type: string,
    count: number,
    opened: string,
  ): Promise<void> {
    await world.fixture.server.query(
      shard,
      `INSERT INTO form_processor_commcarecasesql (case_id, domain, type, opened_on, modified_on, server_modified_on)
       SELECT '${shard}-${type}-' || n, '${DOMAIN}', '${type}', '${opened}', '${opened}', '${opened}' FROM generate_series(1, ${count}) n`,
    );
  }
  /** The month of an aggregation is published, made of what the lake has now. */
  async function published(table: string, month: string): Promise<void> {
    const run = { runId: 1n, deltaVersion: 1n, rows: 1n, configVersionId: world.parts.configVersionId };
    const sources = new Map(['raw_child_case', 'raw_visit_form', 'births'].map((name) => [name, 1n]));
    const { sha256 } = MODELS.find((each) => each.table === table) ?? { sha256: '' };
    await world.ledger.database.transaction((tx) =>
      monthPublished(tx, { domain: DOMAIN, table, month, sources, modelSha256: sha256, ...run }),
    );
  }
  const states = (): Pick<ReaggregateParts, 'database' | 'models' | 'config' | 'configOf'> => ({
    ...{ database: world.ledger.database, models: MODELS, config: world.parts.config },
    configOf: () => Promise.resolve(world.parts.config),
  });
  const preview = (scope: Partial<RequestScope>): ReturnType<typeof previewReprocess> =>
    previewReprocess({ ...states(), hq: world.hq }, { domain: DOMAIN, ...scope });

  test('a scope that can’t be is refused with every fault at once, and nothing is written', async () => {
    await world.known('case', 'child', JAN, ['c']);
    const bad: RequestScope = {
      domain: DOMAIN,
      ...{
        table: 'raw_chidl_case',
        ids: ['', 'a\0b'],
        from: '2999-01-02T00:00:00Z',
        until: '2999-01-01T00:00:00Z',
      },
      ...{ month: '2026-13-01', offsets: [{ partition: 1, from: '5', until: '5' }] },
    };
    const faults = [
      /no table "raw_chidl_case"; did you mean raw_child_case/,
      /ids and from and month and offsets are different ways/,
      /offsets need their topic/,
      /partition 1 end \(5\)/,
      /from: .* is in the future/,
      /until: .* is in the future/,
      /from \(.*\) must be before until/,
      /"2026-13-01" is not the first of a month/,
      /2 of the ids are empty, or hold a NUL/,
    ];
    await assert.rejects(world.ask(bad), (error: { code: string; facts: { faults: string[] } }) => {
      assert.equal(error.code, 'SCOPE_INVALID');
      assert.equal(error.facts.faults.length, faults.length);
      for (const [at, fault] of faults.entries()) assert.match(error.facts.faults[at] ?? '', fault);
      return true;
    });
    for (const [scope, fault] of [
      [{ table: 'raw_child_case', topic: 'form-sql' }, /come from case-sql, not from form-sql/],
      [{ month: '2999-01-01' }, /in the future/],
      [{ from: '2026-01-01T00:00:00Z' }, /from and until go together/],
      [{ topic: 'location', month: JAN }, /locations have no month/],
      [{ domain: 'nutrition-dmo' }, /no domain "nutrition-dmo"; did you mean nutrition-demo/],
    ] as const)
      await assert.rejects(preview(scope), { message: fault });
    assert.deepEqual(await world.ledger.database.query('SELECT 1 FROM reprocess_request'), []);
  });

  test('asked again under the same key it is the same request; another one under it is refused', async () => {
    const ask = (ids: string[], reaggregate = false): ReturnType<typeof startReprocess> =>
      startReprocess(world.parts, {
        ...{ kind: 'reprocess', scope: { domain: DOMAIN, ids, topic: 'case-sql' }, reaggregate },
        ...{ reason: 'a test', by: 'ann', idempotencyKey: 'monday' },
      });
    const asked = await Promise.all([ask(['b', 'a']), ask(['a', 'b', 'a']), ask(['a', 'b'])]);
    assert.equal(new Set(asked.map(({ id }) => id)).size, 1);
    assert.deepEqual(asked.map(({ repeated }) => repeated).sort(), [false, true, true]);
    await assert.rejects(ask(['a']), { code: 'KEY_REUSED' });
    await assert.rejects(ask(['a', 'b'], true), { code: 'KEY_REUSED' });
    const migration = { kind: 'migration' } as const;
    assert.equal(
      await world.ask({}, migration),
      await world.ask({}, migration),
      'one that runs is not begun twice',
    );
    assert.deepEqual(
      idsOf(await world.drain()).filter((id) => id === 'a'),
      ['a'],
    );
  });

  test('a dry run counts by table what the pages then read', async () => {
    await world.known('case', 'child', JAN, ['hq_p1-child-1', 'gone-1', 'gone-2']);
    await world.known('form', VISIT, FEB, ['gone-form']);
    const scopes: Omit<RequestScope, 'domain'>[] = [
      {},
      { table: 'RAW_child_case' },
      { topic: 'case-sql', month: FEB },
      { table: 'raw_child_case', month: JAN },
      { from: '2026-02-20T00:00:00Z', until: '2026-02-20T00:00:01Z' },
      { ids: ['hq_p1-child-1', 'hq_p2-member-5', 'gone-2'], topic: 'case-sql' },
    ];
    const counts: unknown[] = [];
    for (const scope of scopes) {
      const { tables, records, isExact, pages, warnings } = await preview(scope);
      assert.deepEqual([isExact, warnings], [true, []]);
      counts.push(Object.fromEntries(tables.map((each) => [each.table, each.records])));
      await world.ask(scope);
      const planned = await world.drain();
      assert.equal(idsOf(planned).length, records, JSON.stringify(scope));
      // Lists of a topic end apart from each other, so there may be some small pages more.
      assert.ok(planned.length >= pages);
      await world.ledger.database.query('TRUNCATE batch, reprocess_request CASCADE');
    }
    assert.deepEqual(counts, [
      { raw_visit_form: 1, raw_child_case: 44, raw_member_case: 5, raw_location: 4 },
      { raw_child_case: 44 },
      { raw_child_case: 12, raw_member_case: 5 },
      { raw_child_case: 32 },
      { raw_visit_form: 1, raw_child_case: 14, raw_member_case: 5 },
      { raw_child_case: 2, raw_member_case: 1 },
    ]);
    assert.deepEqual(await world.pages(), []);
  });

  test('above a hundred thousand it estimates, and says so', async () => {
    await addCases('hq_p1', 'member', 120_000, '2026-03-20Z');
    await world.fixture.server.query('hq_p1', 'ANALYZE form_processor_commcarecasesql');
    const { records, isExact, warnings, tables } = await preview({ topic: 'case-sql' });
    assert.ok(records > 100_000 && records < 140_000, String(records));
    assert.deepEqual([isExact, tables.every((each) => !each.isExact)], [false, true]);
    assert.match(warnings.join(), /estimates/);
    await world.fixture.server.query(
      'hq_p1',
      "DELETE FROM form_processor_commcarecasesql WHERE type = 'member'",
    );
  });

  test('it names the published months that become stale, and those that are made of them', async () => {
    await world.known('case', 'child', MAR, ['hq_p1-child-1']);
    for (const month of [JAN, FEB, MAR]) for (const { table } of MODELS) await published(table, month);
    const months = async (scope: Omit<RequestScope, 'domain'>): Promise<string[]> =>
      (await preview(scope)).months.map(({ table, month }) => `${table} ${month ?? ''}`);
    assert.deepEqual(await months({ ids: ['hq_p1-child-1'], topic: 'case-sql' }), [
      `births ${JAN}`,
      `births ${MAR}`,
      `totals ${JAN}`,
      `totals ${MAR}`,
    ]);
    assert.deepEqual(await months({ ids: ['hq_p2-child-2'], topic: 'case-sql' }), [
      `births ${FEB}`,
      `totals ${FEB}`,
    ]);
    assert.deepEqual(await months({ ids: ['hq_p2-member-2'], topic: 'case-sql' }), []);
  });

  test('a page that changes rows makes their months stale, which are asked for at the end, once', async () => {
    const { database } = world.ledger;
    const tableId = await world.known('case', 'child', FEB, ['hq_p1-child-3']);
    for (const month of [JAN, FEB, MAR]) for (const { table } of MODELS) await published(table, month);
    const id = await world.ask({ ids: ['hq_p1-child-3'], topic: 'case-sql' }, { reaggregate: true });
    await world.turn('case-sql');
    const asked: string[] = [];
    const parts: ReaggregateParts = {
      ...states(),
      request: ({ table, month, idempotencyKey }) => {
        asked.push(`${table} ${month} ${idempotencyKey.replace(`-${id}-`, '-N-')}`);
        return Promise.resolve();
      },
    };
    assert.equal(await reaggregateDone(parts), 0, 'not before its pages are in the lake');
    const [{ batch: batchId } = { batch: 0n }] = await database.query<{ batch: bigint }>(
      'SELECT id AS batch FROM batch',
    );
    const batch = await readBatch(database, batchId);
    const staging = await lease(database, `stage:${batchId}`);
    const place = { kind: 'case', domain: DOMAIN, recordId: 'hq_p1-child-3', tableId, rev: null } as const;
    await database.transaction((tx) =>
      commitStaging(tx, staging, batch, {
        ...{ stagingPath: 'runs/x', lanes: [{ tableId, upserts: 1, deletes: 0 }], quarantined: [] },
        ...{ places: [[{ ...place, op: 'upsert', month: JAN }]], looked: { kind: 'case', records: [] } },
      }),
    );
    for (const { id: laneId } of await readLanes(database, batchId)) {
      const facts = { inserted: 0, updated: 1, deleted: 0, refused: 0, seconds: 1, runId: null };
      await database.transaction((tx) => laneMerged(tx, laneId, { ...facts, deltaVersion: 7n }));
    }
    const merging = await lease(database, `merge:${batchId}`);
    await database.transaction((tx) => commitBatch(tx, merging, batch));
    assert.equal((await world.stateOf(id)).state, 'done', 'with the commit of its last page');
    assert.equal(await reaggregateDone(parts), 4);
    assert.equal(await reaggregateDone(parts), 0);
    assert.deepEqual(asked, [
      `births ${JAN} reprocess-N-births-${JAN}`,
      `births ${FEB} reprocess-N-births-${FEB}`,
      `totals ${JAN} reprocess-N-totals-${JAN}`,
      `totals ${FEB} reprocess-N-totals-${FEB}`,
    ]);
  });
});

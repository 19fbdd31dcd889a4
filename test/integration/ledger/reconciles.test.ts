import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cancelJob } from '../../../orchestrator/jobs/cancel-job.js';
import { jobDetail } from '../../../orchestrator/jobs/job-detail.js';
import { retryJob } from '../../../orchestrator/jobs/retry-job.js';
import { placesOf } from '../../../orchestrator/ledger/places.js';
import {
  askReconcile,
  beginReconcile,
  dueReconciles,
  endReconcile,
  findingsOf,
  listReconciles,
  noteStep,
  putBack,
  readLeftOut,
  rememberStanding,
  writeFindings,
  writeLeftOut,
} from '../../../orchestrator/ledger/reconciles.js';
import { readJob, wrongRows } from '../jobs/job-rows.js';
import { openLedger, table, type FreshLedger } from './fresh-ledger.js';

const RUN = { domain: 'd', tables: [], from: null, until: null, repair: true, by: 'asha' };
const TABLE = {
  ...{ table: 'raw_a_case', deltaVersion: 7n, hqRows: 5, lakeRows: 4, differingDays: 2 },
  ...{ missing: 2, stale: 0, ghost: 1, repaired: 0, setAside: 0, leftOut: 0, unjudged: { 'on its way': 1 } },
};

describe('comparisons in the ledger', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  test('a run is a job: begun, cancelled, left by its process, done; the index is right after each', async () => {
    const { database } = ledger;
    const begin = async (): Promise<bigint> =>
      (await database.transaction((tx) => beginReconcile(tx, RUN))) ?? 0n;
    const stateOf = async (id: bigint): Promise<string> => {
      assert.deepEqual(await wrongRows(database), []);
      return (await readJob(database, `reconcile-${id}`)).state;
    };
    const first = await begin();
    assert.equal(await stateOf(first), 'running');
    assert.ok(await noteStep(database, first, 'reading sums of HQ'));
    const act = { by: 'ravi', reason: 'not now' };
    const parts = { database, aggregation: null } as unknown as Parameters<typeof cancelJob>[0];
    await cancelJob(parts, `reconcile-${first}`, act);
    assert.equal(await stateOf(first), 'cancelled');
    assert.equal(await noteStep(database, first, 'going on'), false, 'its process learns of it');
    assert.equal(await endReconcile(database, first, 'done', null), false);
    await assert.rejects(cancelJob(parts, `reconcile-${first}`, act), { code: 'ACT_REFUSED' });
    await assert.rejects(retryJob({ database }, `reconcile-${first}`, act), { code: 'ACT_REFUSED' });

    const second = await begin();
    const third = await begin();
    assert.deepEqual([await stateOf(second), await stateOf(third)], ['failed', 'running']);
    assert.ok(await endReconcile(database, third, 'done', null));
    assert.equal(await stateOf(third), 'done');
    const detail = await jobDetail({ database, workerLogs: null }, `reconcile-${third}`);
    assert.deepEqual([detail.can, detail.job.requestedBy], [{ retry: false, cancel: false }, 'asha']);
  });

  test('what is asked for is asked once by key, waits for a process, and waits again when that dies', async () => {
    const { database } = ledger;
    const ask = { ...RUN, domain: 'asked', reason: 'weekly', idempotencyKey: 'k' };
    const { id, repeated } = await askReconcile(database, ask);
    assert.deepEqual([repeated, await askReconcile(database, ask)], [false, { id, repeated: true }]);
    await assert.rejects(askReconcile(database, { ...ask, repair: false }), { code: 'KEY_REUSED' });
    const due = async (): Promise<bigint[]> => (await dueReconciles(database)).map((each) => each.id);
    assert.deepEqual(await due(), [id]);
    const begin = (): Promise<bigint | undefined> =>
      database.transaction((tx) => beginReconcile(tx, { ...RUN, domain: 'asked' }, id));
    assert.equal(await begin(), id);
    assert.deepEqual(await due(), [id], 'running, but nobody holds the domain');
    assert.equal(await begin(), id, 'another process takes it over');
    await putBack(database, id);
    assert.equal((await readJob(database, `reconcile-${id}`)).state, 'waiting');
    assert.ok(await endReconcile(database, id, 'cancelled', null));
    assert.deepEqual([await begin(), await due(), await wrongRows(database)], [undefined, [], []]);
  });

  test('findings take the place of those before', async () => {
    const { database } = ledger;
    const id = (await database.transaction((tx) => beginReconcile(tx, { ...RUN, from: '2024-01-01' }))) ?? 0n;
    const day = { table: 'raw_a_case', fault: 'missing' as const, records: 2, examples: ["it's", 'Ünï'] };
    const days = [
      { ...day, day: '2024-02-29' },
      { ...day, day: null },
    ];
    for (const repaired of [0, 2])
      await database.transaction((tx) =>
        writeFindings(tx, id, [{ ...TABLE, repaired }], days, {
          findingsPath: 'f',
          differences: 3,
          unjudged: 1,
        }),
      );
    const tables = await database.query('SELECT repaired, unjudged FROM reconcile_table WHERE run_id = $1', [
      id,
    ]);
    assert.deepEqual(tables, [{ repaired: 2n, unjudged: { 'on its way': 1 } }]);
    const noted = await database.query(
      'SELECT day, examples FROM reconcile_day WHERE run_id = $1 ORDER BY day',
      [id],
    );
    const [row] = await listReconciles(database, { domain: 'd' }, 1);
    assert.deepEqual([row?.id, row?.from, row?.differences, row?.findingsPath], [id, '2024-01-01', 3n, 'f']);
    assert.equal((await findingsOf(database, id)).tables[0]?.hqRows, 5);
    assert.deepEqual(noted, [
      { day: '2024-02-29', examples: ["it's", 'Ünï'] },
      { day: null, examples: ["it's", 'Ünï'] },
    ]);
  });

  test('a row that the ledger does not know of is noted; what it knows stays', async () => {
    const { database } = ledger;
    const tableId = await table(database, 'd', 'a');
    const row = { kind: 'case' as const, domain: 'd', tableId };
    await rememberStanding(database, [
      { ...row, id: 'x', month: '2024-01-01' },
      { ...row, id: 'y', month: null },
    ]);
    await rememberStanding(database, [{ ...row, id: 'x', month: '2024-02-01' }]);
    const places = await placesOf(database, 'case', 'd', ['x', 'y', 'z']);
    assert.deepEqual(places.map(({ recordId }) => recordId).sort(), ['x', 'y']);
    const [known] = await database.query("SELECT months::text FROM record_place WHERE record_id = 'x'");
    assert.deepEqual(known, { months: '{2024-01-01,2024-02-01}' });
  });

  test('what is left out holds for one lake.yaml, and is replaced day by day', async () => {
    const { database } = ledger;
    const day = (at: number, rows: number): Parameters<typeof writeLeftOut>[3][number] => ({
      ...{ kind: 'case', type: 'a', day: at, rows },
      sum: BigInt(rows) * 2n ** 90n,
    });
    const write = (config: string, ...days: Parameters<typeof writeLeftOut>[3]): Promise<void> =>
      database.transaction((tx) => writeLeftOut(tx, 'd', config, days));
    const read = async (config: string): Promise<unknown> =>
      (await readLeftOut(database, 'd', config)).map(({ day: at, rows, sum }) => [at, rows, sum / 2n ** 90n]);
    await write('one', day(1, 3), day(2, 4));
    await write('one', day(1, 0), day(3, 5));
    assert.deepEqual(await read('one'), [
      [2, 4, 4n],
      [3, 5, 5n],
    ]);
    assert.deepEqual(await read('two'), []);
    await write('two', day(9, 1));
    assert.deepEqual([await read('one'), await read('two')], [[], [[9, 1, 1n]]]);
  });
});

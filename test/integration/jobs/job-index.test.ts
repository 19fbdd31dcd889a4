import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { retryJob } from '../../../orchestrator/jobs/retry-job.js';
import { jobDetail } from '../../../orchestrator/jobs/job-detail.js';
import { jobFacets, searchJobs, type JobSearch } from '../../../orchestrator/jobs/search-jobs.js';
import {
  askToCancel,
  openAggregationRun,
  runFailed,
  runPublished,
  stepStarted,
} from '../../../orchestrator/ledger/aggregation-runs.js';
import {
  dueRequests,
  cancelRequest,
  insertRequest,
  requestBegun,
  requestEnded,
} from '../../../orchestrator/ledger/aggregation-requests.js';
import { cancelBatch } from '../../../orchestrator/ledger/batch-acts.js';
import {
  batchFailed,
  beginExtraction,
  dueWork,
  extractAgain,
  readBatch,
  type Batch,
} from '../../../orchestrator/ledger/batches.js';
import { resumeTopic } from '../../../orchestrator/ledger/halts.js';
import { haltLane, laneFailed, readLanes, runnableLanes } from '../../../orchestrator/ledger/lanes.js';
import { listPauses, pause, resume } from '../../../orchestrator/ledger/pauses.js';
import { insertRun, runSubmitted } from '../../../orchestrator/ledger/runs.js';
import {
  expire,
  lease,
  openLedger,
  table,
  TopicUnderTest,
  type FreshLedger,
} from '../ledger/fresh-ledger.js';
import { until } from '../../helpers/until.js';
import { mergeAndCommit, readJob, stageOne, submit, wrongRows } from './job-rows.js';

describe('the search index over all jobs', () => {
  let ledger: FreshLedger;
  let topic: TopicUnderTest;
  before(async () => {
    ledger = await openLedger();
    topic = await TopicUnderTest.open(ledger.database, 'case-sql');
  });
  after(async () => {
    await ledger.close();
  });

  const stateOf = async (id: string): Promise<string> => {
    assert.deepEqual(await wrongRows(ledger.database), [], `the index is what the ledger says, at ${id}`);
    return (await readJob(ledger.database, id)).state;
  };
  const found = async (search: Partial<JobSearch>): Promise<string[]> =>
    (await searchJobs(ledger, { limit: 50, ...search })).jobs.map((job) => job.id);
  const staged = (types: readonly string[]): Promise<Batch> => stageOne(ledger.database, topic, types);
  const submitted = (batch: Batch, runId: string): Promise<void> => submit(ledger.database, batch, runId);
  const mergedAndCommitted = (batch: Batch): Promise<void> => mergeAndCommit(ledger.database, batch);

  test('a batch: from waiting to done, its row right after every step', async () => {
    const { database } = ledger;
    const batch = await topic.plan();
    const id = `batch-${batch.id}`;
    assert.equal(await stateOf(id), 'waiting');
    await database.transaction((tx) => beginExtraction(tx, batch.id));
    assert.equal(await stateOf(id), 'running');
    await batchFailed(database, batch.id, 'transient', 'HQ_READ_FAILED: shard 2 is away');
    assert.equal(await stateOf(id), 'retrying');
    assert.equal((await jobDetail({ database, workerLogs: null }, id)).cause?.code, 'HQ_READ_FAILED');

    const kid = await table(database, 'nutrition', 'kid');
    const record = {
      kind: 'case' as const,
      domain: 'nutrition',
      type: 'kid',
      reason: 'x',
      place: 'y',
      partition: 0,
      offset: '1',
    };
    await topic.stage(await readBatch(database, batch.id), {
      lanes: [{ tableId: kid, upserts: 2, deletes: 1 }],
      quarantined: [{ ...record, recordId: 'c0ffee-77' }],
    });
    assert.equal(await stateOf(id), 'waiting');
    assert.deepEqual((await readJob(database, id)).tables, ['commcarehq_nutrition.raw_kid_case']);
    assert.deepEqual(await found({ q: 'c0ffee-77' }), [id], 'a record that was set aside leads to its batch');

    await submitted(await readBatch(database, batch.id), 'case-sql-1-x1-1');
    assert.equal(await stateOf(id), 'running');
    await runSubmitted(database, 'case-sql-1-x1-1', 'http://h', 'driver-20261123-0007');
    assert.deepEqual(await found({ q: 'driver-20261123-0007' }), [id]);
    const [lane] = await readLanes(database, batch.id);
    assert.ok(lane !== undefined);
    await laneFailed(database, lane.id, 1, 'capacity', 'OutOfMemoryError in task 3');
    assert.equal(await stateOf(id), 'retrying');
    assert.deepEqual(await found({ failureClass: 'capacity', q: 'outofmemory' }), [id]);
    await database.transaction((tx) => haltLane(tx, lane, 'data', 'DELTA_LOG_UNREADABLE: gone'));
    assert.equal(await stateOf(id), 'halted');
    await retryJob(ledger, id, { by: 'asha', reason: 'the log is back' });
    assert.equal(await stateOf(id), 'retrying');
    await database.transaction((tx) => extractAgain(tx, batch.id));
    await expire(database, `stage:${batch.id}`);
    assert.equal(await stateOf(id), 'running');
    await topic.stage(await readBatch(database, batch.id), {
      lanes: [{ tableId: kid, upserts: 2, deletes: 1 }],
    });
    await mergedAndCommitted(await readBatch(database, batch.id));
    assert.equal(await stateOf(id), 'done');
    const { failure, endedAt } = await readJob(database, id);
    assert.deepEqual([failure, endedAt === null], [null, false]);
    const spans = (await jobDetail({ database, workerLogs: null }, id)).spans.map((span) => span.stage);
    assert.deepEqual([...new Set(spans)], ['wait', 'stage', 'start driver', 'commit']);
  });

  test('a heartbeat and a sweep write no row of the index', async () => {
    const { database } = ledger;
    const batch = await staged(['kid']);
    await submitted(batch, 'beat-1');
    const before = await database.query('SELECT xmin::text, id FROM job ORDER BY id');
    await database.query("UPDATE run SET state = 'claimed', claimed_at = now(), heartbeat_at = now()");
    await database.query('UPDATE run SET heartbeat_at = now()');
    await database.query('UPDATE batch SET swept_at = now(), next_attempt_at = now()');
    await database.query('UPDATE lane SET seconds = 1');
    assert.deepEqual(await database.query('SELECT xmin::text, id FROM job ORDER BY id'), before);
    await mergedAndCommitted(batch);
  });

  test('two transactions that change one batch leave what both have done', async () => {
    const { database } = ledger;
    const batch = await staged(['kid', 'visit']);
    await submitted(batch, 'both-1');
    const [one, other] = await readLanes(database, batch.id);
    assert.ok(one !== undefined && other !== undefined);
    let waits: Promise<void> | undefined;
    await database.transaction(async (tx) => {
      await tx.query("UPDATE lane SET state = 'merged' WHERE id = $1", [one.id]);
      waits = laneFailed(database, other.id, 1, 'transient', 'lost');
      await until('the other waits for the job', async () => {
        const waiting = await database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        return waiting.length > 0;
      });
    });
    await waits;
    assert.equal(await stateOf(`batch-${batch.id}`), 'retrying');
    await mergedAndCommitted(batch);
  });

  test('a cancelled batch stops its tables, and retried it goes on; nothing of it is skipped', async () => {
    const { database } = ledger;
    const batch = await staged(['kid', 'visit']);
    const id = `batch-${batch.id}`;
    await submitted(batch, 'cancel-1');
    await database.query(
      "UPDATE run SET state = 'claimed', driver = 'driver-20261123-0009', claimed_at = now() WHERE id = 'cancel-1'",
    );
    const runs = await database.transaction((tx) =>
      cancelBatch(tx, batch.id, 'cancelled by asha: wrong shard'),
    );
    assert.deepEqual(runs, [{ id: 'cancel-1', submissionId: null, driver: 'driver-20261123-0009' }]);
    assert.equal(await stateOf(id), 'cancelled');
    const detail = await jobDetail({ database, workerLogs: null }, id);
    assert.deepEqual([detail.cause?.code, detail.can], ['CANCELLED', { retry: true, cancel: false }]);
    assert.match(detail.cause?.sentence ?? '', /cancelled by asha: wrong shard/);
    const later = await staged(['kid']);
    assert.equal((await runnableLanes(database, later.id)).size, 0, 'later batches wait behind it');
    const waiting = await jobDetail({ database, workerLogs: null }, `batch-${later.id}`);
    assert.match(
      waiting.cause?.sentence ?? '',
      /waits for the halted table commcarehq_nutrition\.raw_kid_case/,
    );
    await assert.rejects(
      database.transaction((tx) => cancelBatch(tx, batch.id, 'again')),
      { code: 'ACT_REFUSED' },
    );
    const [lane] = await readLanes(database, batch.id);
    await laneFailed(database, lane?.id ?? 0n, 1, 'transient', 'the run was voided');
    assert.equal(await stateOf(id), 'cancelled', 'the attempt that notices it does not set it going again');

    const { message } = await retryJob(ledger, id, { by: 'asha', reason: 'it was the right one' });
    assert.match(message, /raw_kid_case, commcarehq_nutrition\.raw_visit_case/);
    assert.equal((await runnableLanes(database, batch.id)).size, 2);
    await mergedAndCommitted(batch);
    await mergedAndCommitted(later);
    await assert.rejects(retryJob(ledger, id, { by: 'asha', reason: 'again' }), { code: 'ACT_REFUSED' });
  });

  test('a batch that is cancelled before it is staged halts its topic until it is retried', async () => {
    const { database } = ledger;
    const batch = await topic.plan();
    await database.transaction((tx) => beginExtraction(tx, batch.id));
    await database.transaction((tx) => cancelBatch(tx, batch.id, 'cancelled by asha: stop'));
    assert.equal(await stateOf(`batch-${batch.id}`), 'cancelled');
    await assert.rejects(topic.plan(), { code: 'LEASE_LOST' });
    await assert.rejects(topic.stage(batch), { code: 'LEASE_LOST' });
    await expire(database, `stage:${batch.id}`);
    await retryJob(ledger, `batch-${batch.id}`, { by: 'asha', reason: 'go' });
    assert.equal(await stateOf(`batch-${batch.id}`), 'running');
    await topic.stage(await readBatch(database, batch.id));
    await mergedAndCommitted(await readBatch(database, batch.id));
  });

  test('what is paused is begun by nobody, and its jobs say so', async () => {
    const { database } = ledger;
    const batch = await staged(['kid', 'visit']);
    const planned = await topic.plan();
    const [id, kid] = [`batch-${batch.id}`, 'commcarehq_nutrition.raw_kid_case'];
    const stages = async (): Promise<string[]> =>
      (await dueWork(database)).map((work) => `${work.stage} ${work.batchId}`).sort();
    const both = [`extract ${planned.id}`, `merge ${batch.id}`];
    assert.deepEqual(await stages(), both);
    const paused = async (scope: 'all' | 'topic' | 'table' | 'queue', name: string): Promise<void> => {
      await pause(database, { scope, name, reason: 'test', by: 'asha' });
    };
    await paused('table', kid);
    assert.equal((await runnableLanes(database, batch.id)).size, 1, 'the other table goes on');
    assert.equal(await stateOf(id), 'waiting');
    await paused('table', 'commcarehq_nutrition.raw_visit_case');
    assert.equal(await stateOf(id), 'paused');
    assert.equal((await jobDetail({ database, workerLogs: null }, id)).cause?.code, 'PAUSED');
    for (const each of await listPauses(database)) await resume(database, each.id);
    assert.equal(await stateOf(id), 'waiting');

    await paused('queue', 'merge');
    assert.deepEqual(await stages(), [`extract ${planned.id}`]);
    await resume(database, { scope: 'queue', name: 'merge' });
    await paused('topic', 'case-sql');
    assert.deepEqual(await stages(), []);
    assert.equal(await stateOf(`batch-${planned.id}`), 'paused');
    const again = await pause(database, { scope: 'topic', name: 'case-sql', reason: 'other', by: 'ben' });
    assert.deepEqual([again.repeated, again.pause.reason], [true, 'test'], 'the first reason stays');
    await resume(database, { scope: 'topic', name: 'case-sql' });
    await paused('topic', 'form-sql');
    assert.deepEqual(await stages(), both, 'another topic’s pause is not its own');
    await resume(database, { scope: 'topic', name: 'form-sql' });
    await paused('all', '');
    assert.deepEqual(await stages(), []);
    await database.transaction((tx) => resumeTopic(tx, 'case-sql'));
    assert.deepEqual(await stages(), [], 'what was halted goes on, what is paused does not');
    await resume(database, { scope: 'all', name: '' });
    assert.deepEqual(await stages(), both);
    await topic.stage(await readBatch(database, planned.id));
    await mergedAndCommitted(batch);
    await mergedAndCommitted(await readBatch(database, planned.id));
  });

  test('requests and computations of aggregations, and what retrying asks for', async () => {
    const { database } = ledger;
    const asked = { domain: 'nutrition', table: 'child_care', month: '2026-01-01', force: false };
    const by = { by: 'asha', reason: 'board meeting', idempotencyKey: null };
    const { id } = await insertRequest(database, asked, by);
    assert.deepEqual(await insertRequest(database, asked, by), { id, repeated: true }, 'it waits already');
    assert.equal(await stateOf(`request-${id}`), 'waiting');
    assert.deepEqual(await found({ q: 'board child_care' }), [`request-${id}`]);
    await pause(database, { scope: 'queue', name: 'aggregation', reason: 'test', by: 'ben' });
    assert.deepEqual(await dueRequests(database), []);
    assert.equal(await stateOf(`request-${id}`), 'paused');
    await resume(database, { scope: 'queue', name: 'aggregation' });
    assert.deepEqual(await dueRequests(database), [id]);

    await database.transaction((tx) => requestBegun(tx, id));
    assert.deepEqual(await dueRequests(database), [id], 'its process is dead: nobody has its lease');
    await lease(database, `aggregation-request:${id}`);
    assert.deepEqual(await dueRequests(database), []);
    const target = { domain: 'nutrition', model: 'child_care', month: '2026-01-01' };
    const run = { ...target, configVersionId: topic.configVersionId, modelSha256: 'x', sources: new Map() };
    const opened = await database.transaction((tx) => openAggregationRun(tx, run, id));
    const job = `aggregation-${opened.id}`;
    assert.equal(await stateOf(job), 'running');
    await stepStarted(database, opened.id, 'compute');
    await stepStarted(database, opened.id, 'compute');
    assert.equal((await readJob(database, job)).attempts, 2);
    await database.transaction((tx) =>
      insertRun(tx, { id: `${job}-compute-1`, batchId: null, token: 't', path: 'p', runFile: 'f' }, []),
    );
    assert.deepEqual(await found({ q: `${job}-compute` }), [job]);
    const detail = await jobDetail({ database, workerLogs: null }, job);
    assert.deepEqual([detail.parents.map((each) => each.id), detail.runs.length], [[`request-${id}`], 1]);
    assert.deepEqual(
      (await jobDetail({ database, workerLogs: null }, `request-${id}`)).children.map((each) => each.id),
      [job],
    );
    await askToCancel(database, opened.id, 'asha', 'wrong month');
    await runFailed(database, opened.id, 'config', 'CANCELLED: cancelled by asha: wrong month');
    assert.equal(await stateOf(job), 'cancelled');
    await cancelRequest(database, id, 'cancelled by asha: wrong month');
    await database.transaction((tx) => requestEnded(tx, id, null));
    assert.equal(await stateOf(`request-${id}`), 'cancelled', 'its process comes too late');
    const again = await retryJob(ledger, job, { by: 'asha', reason: 'the right month after all' });
    assert.notEqual(again.jobId, `request-${id}`);
    const next = await database.transaction((tx) => openAggregationRun(tx, run));
    await runPublished(database, next.id);
    assert.equal(await stateOf(`aggregation-${next.id}`), 'done');

    await assert.rejects(
      insertRequest(database, { ...asked, force: true }, { ...by, idempotencyKey: 'k' }).then(() =>
        insertRequest(database, asked, { ...by, idempotencyKey: 'k' }),
      ),
      { code: 'KEY_REUSED' },
    );
  });

  test('filters and cursor: every job once, the newest first, by each filter and all together', async () => {
    const { database } = ledger;
    const all = await found({ limit: 200 });
    assert.equal(new Set(all).size, all.length);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await searchJobs(ledger, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.jobs.map((job) => job.id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(paged, all);
    const rows = await database.query<{
      id: string;
      kind: string;
      month: string | null;
      domain: string | null;
    }>('SELECT id, kind, month::text AS month, domain FROM job ORDER BY created_at DESC, id DESC');
    const where = (keep: (row: (typeof rows)[number]) => boolean): string[] =>
      rows.filter(keep).map((row) => row.id);
    assert.deepEqual(
      await found({ kind: 'aggregation' }),
      where((row) => row.kind === 'aggregation'),
    );
    assert.deepEqual(
      await found({ month: '2026-01-01' }),
      where((row) => row.month === '2026-01-01'),
    );
    assert.deepEqual(
      await found({ domain: 'nutrition' }),
      where((row) => row.domain === 'nutrition'),
    );
    assert.deepEqual(
      await found({
        kind: 'aggregation',
        state: 'done',
        month: '2026-01-01',
        domain: 'nutrition',
        table: 'CHILD_CARE',
        q: 'child 2026-01',
      }),
      where((row) => row.kind === 'aggregation').slice(0, 1),
    );
    assert.deepEqual(await found({ topic: 'form-sql' }), []);
    assert.deepEqual(await found({ q: "it's \\ ' | & ! :* <-> (" }), [], 'no word is an operator');
    assert.deepEqual(await found({ since: '2100-01-01T00:00:00Z' }), []);
    await assert.rejects(found({ cursor: 'bm8' }), { code: 'USAGE' });
    const facets = await jobFacets(ledger, { kind: 'aggregation' });
    assert.deepEqual(
      facets.state.toSorted((one, other) => one.value.localeCompare(other.value)),
      [
        { value: 'cancelled', count: 1, isCapped: false },
        { value: 'done', count: 1, isCapped: false },
      ],
    );
    assert.ok(
      facets.kind.some((each) => each.value === 'ingestion'),
      'its own filter does not hide the others',
    );
  });
});

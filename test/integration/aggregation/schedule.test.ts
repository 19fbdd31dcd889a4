import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunOne } from '../../../orchestrator/aggregation/run-graph.js';
import { dueMonths, requireKnownTables, runDue } from '../../../orchestrator/aggregation/schedule.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { scheduleRunBegun, scheduleRuns } from '../../../orchestrator/ledger/schedule-runs.js';
import { openLedger, type FreshLedger } from '../ledger/fresh-ledger.js';
import { ScheduledDomain } from './scheduled-domain.js';

const NEVER = new AbortController().signal;

describe('the monthly schedule', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  /** Data of the last five months; the schedule has done the fourth before this one. */
  const afterOutage = async (name: string): Promise<ScheduledDomain> => {
    const domain = await ScheduledDomain.open(ledger, name);
    await domain.touch(...[5, 4, 3, 2, 1].map((months) => domain.ago(months)));
    await domain.lastDone(domain.ago(4));
    return domain;
  };
  const runsOf = async (domain: ScheduledDomain): Promise<string[]> =>
    (await scheduleRuns(ledger.database, domain.domain)).map((run) => `${run.month} ${run.state}`).reverse();

  test('what an outage missed is caught up in order, once', async () => {
    const domain = await afterOutage('outage');
    const parts = domain.parts('a');
    const done = await runDue(parts, domain.domain, NEVER);
    assert.deepEqual(
      done?.map((each) => each.month),
      [3, 2, 1].map((months) => domain.ago(months)),
    );
    // The months before were never computed, and the first of those missed is built on them.
    const bases = domain.computed.filter((each) => each.startsWith('base'));
    assert.deepEqual(
      bases,
      [5, 4, 3, 2, 1].map((months) => `base ${domain.ago(months)}`),
    );
    const sums = domain.computed.filter((each) => each.startsWith('sums'));
    assert.deepEqual(
      sums,
      [3, 2, 1].map((months) => `sums ${domain.ago(months)}`),
    );
    assert.deepEqual(await runDue(parts, domain.domain, NEVER), []);
    assert.equal(domain.computed.length, 8);
  });

  test('a new schedule computes the newest month that is due, and no history beside what that needs', async () => {
    const domain = await ScheduledDomain.open(ledger, 'new');
    await domain.touch(domain.ago(2), domain.ago(1));
    await runDue(domain.parts('a'), domain.domain, NEVER);
    assert.deepEqual(await runsOf(domain), [`${domain.ago(1)} done`]);
    assert.deepEqual(domain.computed, [
      `base ${domain.ago(2)}`,
      `base ${domain.ago(1)}`,
      `sums ${domain.ago(1)}`,
    ]);
  });

  test('of several processes at once one does it', async () => {
    const domain = await afterOutage('several');
    const processes = ['a', 'b', 'c', 'd'].map((owner) => runDue(domain.parts(owner), domain.domain, NEVER));
    const worked = (await Promise.all(processes)).filter((each) => each !== undefined && each.length > 0);
    assert.equal(worked.length, 1);
    assert.equal(new Set(domain.computed).size, domain.computed.length);
  });

  test('a month that a dead process left is gone on with, and what is fresh of it stays', async () => {
    const domain = await afterOutage('dead');
    await ledger.database.transaction((tx) => scheduleRunBegun(tx, domain.domain, domain.ago(3)));
    const [base] = domain.parts('a').models;
    assert.ok(base !== undefined);
    for (const months of [5, 4, 3]) await domain.publish(base, domain.domain, domain.ago(months), NEVER);
    await runDue(domain.parts('b'), domain.domain, NEVER);
    assert.deepEqual(domain.computed.slice(3), [
      `sums ${domain.ago(3)}`,
      ...[2, 1].flatMap((months) => [`base ${domain.ago(months)}`, `sums ${domain.ago(months)}`]),
    ]);
    const [run] = (await scheduleRuns(ledger.database, domain.domain)).filter((each) => each.attempts === 2);
    assert.equal(run?.month, domain.ago(3));
  });

  test('what may pass holds up the months behind it and is tried again; asked once, at once', async () => {
    const domain = await afterOutage('transient');
    const down: RunOne = () => Promise.reject(new LakeError('SPARK_UNREACHABLE', 'no master'));
    await runDue(domain.parts('a', down), domain.domain, NEVER);
    assert.deepEqual((await runsOf(domain)).slice(1), [`${domain.ago(3)} failed`]);
    assert.deepEqual(await dueMonths(domain.parts('a'), domain.domain), [], 'not before its time');
    await runDue(domain.parts('a'), domain.domain, NEVER, false);
    assert.deepEqual(
      (await runsOf(domain)).slice(1),
      [3, 2, 1].map((months) => `${domain.ago(months)} done`),
    );
  });

  test('what will not pass is told, and the months behind it are tried', async () => {
    const domain = await afterOutage('broken');
    const broken: RunOne = (model, name, month, signal) =>
      model.table === 'sums' && month === domain.ago(2)
        ? Promise.reject(new LakeError('SOURCE_MISSING', 'no table'))
        : domain.publish(model, name, month, signal);
    await runDue(domain.parts('a', broken), domain.domain, NEVER);
    assert.deepEqual((await runsOf(domain)).slice(1), [
      `${domain.ago(3)} done`,
      `${domain.ago(2)} failed`,
      `${domain.ago(1)} done`,
    ]);
    assert.equal((await domain.states()).of('sums', domain.ago(2)).failure?.code, 'SOURCE_MISSING');
    assert.deepEqual(await dueMonths(domain.parts('a'), domain.domain, false), []);
  });

  test('with the month go those that are stale and not closed', async () => {
    const domain = await ScheduledDomain.open(ledger, 'stale');
    await domain.touch(...[5, 4, 3, 2, 1].map((months) => domain.ago(months)));
    await domain.lastDone(domain.ago(6));
    await runDue(domain.parts('a'), domain.domain, NEVER);
    domain.computed.length = 0;
    await domain.touch(domain.ago(5), domain.ago(2));
    await ledger.database.query('DELETE FROM schedule_run WHERE domain = $1 AND month = $2', [
      domain.domain,
      domain.ago(1),
    ]);
    const closing = domain.parts('a', domain.publish, 3);
    await runDue(closing, domain.domain, NEVER);
    assert.deepEqual([...domain.computed].sort(), [
      ...[2, 1].map((months) => `base ${domain.ago(months)}`),
      ...[2, 1].map((months) => `sums ${domain.ago(months)}`),
    ]);
    // What is stale for a closed month's sake stays so: no schedule tries for ever to mend it.
    await ledger.database.query('DELETE FROM schedule_run WHERE domain = $1 AND month = $2', [
      domain.domain,
      domain.ago(1),
    ]);
    domain.computed.length = 0;
    await runDue(closing, domain.domain, NEVER);
    assert.deepEqual(domain.computed, []);
    assert.equal((await domain.states()).of('base', domain.ago(1)).state, 'stale');
  });

  test('what was to end on the way is gone on with, and counts as no failure', async () => {
    const domain = await afterOutage('stopped');
    const stop = new AbortController();
    const stopping: RunOne = async (...one) => {
      await domain.publish(...one);
      if (domain.computed.length === 2) stop.abort();
    };
    const done = await runDue(domain.parts('a', stopping), domain.domain, stop.signal);
    assert.deepEqual(
      done?.map((each) => [each.stopped, each.failure]),
      [[true, null]],
    );
    await runDue(domain.parts('a'), domain.domain, NEVER);
    assert.equal(new Set(domain.computed).size, domain.computed.length);
    assert.equal((await domain.states()).of('sums', domain.ago(1)).state, 'fresh');
  });

  test('months done by a clock that was put back since are done again when their time comes', async () => {
    const domain = await afterOutage('clock');
    await domain.lastDone(domain.ago(1));
    assert.deepEqual(await dueMonths(domain.parts('a'), domain.domain), []);
    await ledger.database.query(
      "UPDATE schedule_run SET started_at = now() + interval '20 years' WHERE domain = $1 AND month = $2",
      [domain.domain, domain.ago(1)],
    );
    assert.equal((await dueMonths(domain.parts('a'), domain.domain)).length, 3);
  });

  test('a schedule names aggregations that there are', () => {
    const { models } = { models: [] };
    const config = parseLakeConfig(
      "domains:\n  demo:\n    cases: {'*': {}}\n    aggregations: {schedule: {day: 1, hour: 0, tables: [thr]}}\n",
    );
    assert.throws(() => {
      requireKnownTables(config, models);
    }, /CONFIG_INVALID|domains > demo > aggregations > schedule > tables: There is no aggregation "thr"/);
  });

  test('a process that another configuration was applied over computes nothing', async () => {
    const domain = await afterOutage('outdated');
    const other = {
      sha256: 'other',
      text: 'domains: {}',
      hooks: new Map<string, string>(),
      hashKeyCheck: null,
    };
    await ledger.database.transaction((tx) => activateConfig(tx, other));
    await assert.rejects(runDue(domain.parts('a'), domain.domain, NEVER), { code: 'CONFIG_NOT_ACTIVE' });
    assert.deepEqual(domain.computed, []);
  });
});

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { runGraph, type GraphRun } from '../../../orchestrator/aggregation/run-graph.js';
import type { MonthNode } from '../../../orchestrator/aggregation/plan-months.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { model } from './programme-models.js';

const MODELS = new Map(['a', 'b', 'c', 'd'].map((table) => [table, model(table, {})]));

function node(table: string, ...after: string[]): MonthNode {
  return { key: table, table, month: null, after, why: 'missing' };
}

/** a, then b and c, then d. */
const DIAMOND = [node('a'), node('b', 'a'), node('c', 'a'), node('d', 'b', 'c')];

function run(runOne: (table: string) => Promise<void>, more: Partial<GraphRun> = {}): GraphRun {
  return {
    ...{ domain: 'demo', models: MODELS, parallelism: 2, signal: new AbortController().signal },
    runOne: (each) => runOne(each.table),
    ...more,
  };
}

describe('a plan is run', () => {
  test('each after what it needs, as many at once as allowed', async () => {
    const done: string[] = [];
    let [now, most] = [0, 0];
    const results = await runGraph(
      DIAMOND,
      run(async (table) => {
        most = Math.max(most, ++now);
        for (const before of DIAMOND.find((each) => each.key === table)?.after ?? [])
          assert.ok(done.includes(before));
        await turn();
        now--;
        done.push(table);
      }),
    );
    assert.equal(most, 2);
    assert.deepEqual(
      results.map((result) => `${result.node.key} ${result.outcome}`),
      ['a done', 'b done', 'c done', 'd done'],
    );
  });

  test('a failure fails what needs it, with the reason, and the others go on', async () => {
    const told: string[] = [];
    const results = await runGraph(
      DIAMOND,
      run(
        (table) => (table === 'b' ? Promise.reject(new LakeError('INTERNAL', 'broken')) : Promise.resolve()),
        {
          settled: (result) => {
            told.push(result.node.key);
            return Promise.resolve();
          },
        },
      ),
    );
    assert.deepEqual(
      results.map((result) => [result.node.key, result.outcome, result.reason]),
      [
        ['a', 'done', null],
        ['b', 'failed', 'INTERNAL: broken'],
        ['c', 'done', null],
        ['d', 'skipped', 'b failed'],
      ],
    );
    assert.deepEqual(told.sort(), ['a', 'b', 'c', 'd']);
  });

  test('after the signal nothing new is begun, and what is under way ends', async () => {
    const stop = new AbortController();
    const results = await runGraph(
      DIAMOND,
      run(
        () => {
          stop.abort();
          return Promise.resolve();
        },
        { signal: stop.signal },
      ),
    );
    assert.deepEqual(
      results.map((result) => result.outcome),
      ['done', 'stopped', 'stopped', 'stopped'],
    );
  });

  test('a result that could not be told fails the whole, when all have settled', async () => {
    let ran = 0;
    const told = (): Promise<void> => Promise.reject(new LakeError('LEDGER_FAILED', 'away'));
    const all = runGraph(
      DIAMOND,
      run(
        () => {
          ran++;
          return Promise.resolve();
        },
        { settled: told },
      ),
    );
    await assert.rejects(all, { code: 'LEDGER_FAILED' });
    assert.equal(ran, 4);
  });
});

test('of any graph each node settles once, none before what it needs, and exactly those above a failure are skipped', async () => {
  const graphs = fc.array(fc.record({ needs: fc.array(fc.nat(30)), fails: fc.boolean() }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(graphs, fc.integer({ min: 1, max: 5 }), async (drawn, parallelism) => {
      const nodes = drawn.map(({ needs }, at): MonthNode => ({
        ...node('a', ...needs.filter((need) => need < at).map(String)),
        key: String(at),
        month: String(at),
      }));
      const settled = new Set<string>();
      const results = await runGraph(nodes, {
        ...run(() => Promise.resolve()),
        parallelism,
        runOne: async (_model, _domain, month) => {
          const own = nodes[Number(month)];
          assert.ok(own?.after.every((key) => settled.has(key)));
          await turn();
          if (drawn[Number(month)]?.fails === true && Number(month) % 3 === 0) throw new Error('drawn');
        },
        settled: (result) => {
          assert.ok(!settled.has(result.node.key));
          settled.add(result.node.key);
          return Promise.resolve();
        },
      });
      const outcome = new Map<string, string>();
      for (const [at, each] of nodes.entries()) {
        const above = each.after.some((key) => outcome.get(key) !== 'done');
        const fails = drawn[at]?.fails === true && at % 3 === 0;
        outcome.set(each.key, above ? 'skipped' : fails ? 'failed' : 'done');
      }
      assert.deepEqual(new Map(results.map((result) => [result.node.key, result.outcome])), outcome);
    }),
    { numRuns: 100 },
  );
});

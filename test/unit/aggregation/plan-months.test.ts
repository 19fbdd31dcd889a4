import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { allTargets, planMonths, type Target } from '../../../orchestrator/aggregation/plan-months.js';
import type { MonthStates } from '../../../orchestrator/aggregation/month-states.js';
import type { SourceChange } from '../../../orchestrator/ledger/source-changes.js';
import { change, Computed, PROGRAMME, statesOf } from './programme-models.js';

const MONTHS = ['2026-03-01', '2026-04-01', '2026-05-01'] as const;
const [MARCH, APRIL, MAY] = MONTHS;
const RAW = ['raw_service_enrollment_form', 'raw_child_thr_form', 'raw_child_care_case', 'raw_member_case'];
const DATA = [
  change('raw_location', null, 1),
  ...MONTHS.flatMap((month) => RAW.map((table) => change(table, month, 1))),
];

const keys = (states: MonthStates, targets: readonly Target[]): string[] =>
  planMonths(states, targets).map((node) => `${node.table} ${node.month?.slice(5, 7) ?? '-'}`);
const ask = (table: string, month: string | null, force = false): Target => ({ table, month, force });

describe('the order of computations', () => {
  test('what a month needs comes first, missing predecessors among it', () => {
    assert.deepEqual(keys(statesOf({ changes: DATA }), [ask('child_care_monthly', APRIL)]), [
      'flwc_location -',
      'service_enrollment_form 03',
      'service_enrollment_form 04',
      'child_thr_form 04',
      'child_care_monthly 04',
    ]);
  });

  test('all means every model of the month; a fresh one is left out, unless forced', () => {
    const done = new Computed();
    const first = statesOf({ changes: DATA });
    done.compute(planMonths(first, allTargets(first, MARCH, false)), DATA);
    const second = statesOf({ changes: DATA, published: done.all });
    assert.deepEqual(keys(second, allTargets(second, MARCH, false)), []);
    assert.equal(keys(second, allTargets(second, MARCH, true)).length, PROGRAMME.length);
    assert.deepEqual(keys(second, [ask('child_thr_form', MARCH, true)]), ['child_thr_form 03']);
  });

  test('a stale prerequisite is computed again, and so is what needs it', () => {
    const done = new Computed();
    const first = statesOf({ changes: DATA });
    done.compute(planMonths(first, allTargets(first, APRIL, false)), DATA);
    const changes = [...DATA, change('raw_service_enrollment_form', MARCH, 2)];
    const states = statesOf({ changes, published: done.all });
    assert.deepEqual(keys(states, [ask('child_care_monthly', APRIL)]), [
      'service_enrollment_form 03',
      'service_enrollment_form 04',
      'child_care_monthly 04',
    ]);
  });

  test('a closed month that is published is computed only when it is asked for; a missing one always', () => {
    const done = new Computed();
    const first = statesOf({ changes: DATA, closeAfter: 1 });
    assert.equal(first.of('service_enrollment_form', APRIL).closed, true);
    done.compute(planMonths(first, allTargets(first, MAY, false)), DATA);
    assert.ok(done.published.has(`service_enrollment_form ${MARCH}`), 'missing predecessors are computed');
    const changes = [...DATA, change('raw_service_enrollment_form', MARCH, 2)];
    const states = statesOf({ changes, published: done.all, closeAfter: 1 });
    assert.deepEqual(keys(states, [ask('service_enrollment_form', MAY)]), []);
    assert.deepEqual(keys(states, [ask('service_enrollment_form', MARCH)]), ['service_enrollment_form 03']);
  });

  test('months before the first with data are not needed', () => {
    const changes = [change('raw_service_enrollment_form', MAY, 1), change('raw_child_care_case', MARCH, 1)];
    assert.deepEqual(keys(statesOf({ changes }), [ask('child_care_monthly', APRIL)]), [
      'flwc_location -',
      'child_care_monthly 04',
    ]);
  });
});

test('whatever changed and was computed before, following the plan makes the target fresh and nothing is computed twice', () => {
  const months = ['2026-01-01', '2026-02-01', ...MONTHS];
  const touching = fc.record({
    table: fc.constantFrom(...RAW, 'raw_location'),
    month: fc.constantFrom(...months, null),
  });
  const step = fc.oneof(
    touching.map((touched) => ({ touched })),
    fc.record({
      table: fc.constantFrom(...PROGRAMME.map((each) => each.table)),
      month: fc.constantFrom(...months),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const changes: SourceChange[] = [];
      const done = new Computed();
      let version = 0;
      for (const each of steps) {
        if ('touched' in each) {
          changes.push(change(each.touched.table, each.touched.month, ++version));
          continue;
        }
        const states = statesOf({ changes, published: done.all });
        const monthly = states.models.get(each.table)?.monthly === true;
        const target = ask(each.table, monthly ? each.month : null);
        const nodes = planMonths(states, [target]);
        assert.equal(new Set(nodes.map((node) => node.key)).size, nodes.length);
        const at = new Map(nodes.map((node, index) => [node.key, index]));
        for (const [index, node] of nodes.entries())
          for (const key of node.after)
            assert.ok((at.get(key) ?? Infinity) < index, `${key} before ${node.key}`);
        done.compute(nodes, changes);
        const after = statesOf({ changes, published: done.all });
        assert.equal(after.of(target.table, target.month).state, 'fresh');
        assert.deepEqual(planMonths(after, [target]), []);
      }
    }),
    { numRuns: 300 },
  );
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { change, Computed, model, published, statesOf } from './programme-models.js';
import { allTargets, planMonths } from '../../../orchestrator/aggregation/plan-months.js';
import type { SourceChange } from '../../../orchestrator/ledger/source-changes.js';

const [MARCH, APRIL, MAY] = ['2026-03-01', '2026-04-01', '2026-05-01'] as const;

/** Data of March to May in every table, all three months computed. */
function computed(): { changes: SourceChange[]; done: Computed } {
  const tables = [
    'raw_service_enrollment_form',
    'raw_child_thr_form',
    'raw_child_care_case',
    'raw_member_case',
  ];
  const changes = [
    change('raw_location', null, 1),
    ...[MARCH, APRIL, MAY].flatMap((month) => tables.map((table) => change(table, month, 1))),
  ];
  const done = new Computed();
  for (const month of [MARCH, APRIL, MAY]) {
    const states = statesOf({ changes, published: done.all });
    done.compute(planMonths(states, allTargets(states, month, false)), changes);
  }
  return { changes, done };
}

/** Keys of all that is stale after one more change. */
function staleAfter(...more: SourceChange[]): string[] {
  const { changes, done } = computed();
  const states = statesOf({ changes: [...changes, ...more], published: done.all });
  return states
    .all()
    .filter((state) => state.state === 'stale')
    .map((state) => `${state.table} ${state.month?.slice(5, 7) ?? '-'}`);
}

const all = (...months: string[]): string[] => months;

describe('which months a change makes stale', () => {
  test('none when nothing changed', () => {
    assert.deepEqual(staleAfter(), []);
  });

  test('same: a late form touches its own month, and what is made of it', () => {
    assert.deepEqual(
      staleAfter(change('raw_child_thr_form', APRIL, 2)),
      all('child_thr_form 04', 'child_care_monthly 04', 'agg_child_care 04'),
    );
  });

  test('previous: a late form touches every later month through the carry-over', () => {
    assert.deepEqual(
      staleAfter(change('raw_service_enrollment_form', APRIL, 2)),
      all(
        ...['service_enrollment_form 04', 'service_enrollment_form 05'],
        ...['child_care_monthly 04', 'child_care_monthly 05', 'agg_child_care 04', 'agg_child_care 05'],
      ),
    );
  });

  test('from: a case touches the months from its own on', () => {
    assert.deepEqual(
      staleAfter(change('raw_child_care_case', APRIL, 2)),
      all('child_care_monthly 04', 'child_care_monthly 05', 'agg_child_care 04', 'agg_child_care 05'),
    );
  });

  test('all: a member touches every month, those before it too', () => {
    const touched = staleAfter(change('raw_member_case', MAY, 2));
    assert.equal(touched.length, 6);
    assert.ok(touched.includes('child_care_monthly 03'));
  });

  test('whole: a location touches the table of locations and every month made of it', () => {
    const touched = staleAfter(change('raw_location', null, 2));
    assert.equal(touched.length, 7);
    assert.ok(touched.includes('flwc_location -'));
  });

  test('a record without a month touches every month, whatever the rule', () => {
    assert.equal(staleAfter(change('raw_child_thr_form', null, 2)).length, 9);
  });

  test('a change that was read is none, and names of tables do not differ by case', () => {
    assert.deepEqual(staleAfter(change('raw_child_thr_form', APRIL, 1)), []);
    assert.equal(staleAfter(change('RAW_child_THR_form', APRIL, 2)).length, 3);
  });
});

test('reasons name the table, the rows and the batch, and the way it came', () => {
  const { changes, done } = computed();
  const states = statesOf({
    changes: [...changes, change('raw_child_thr_form', APRIL, 2, 41)],
    published: done.all,
  });
  assert.deepEqual(states.of('child_thr_form', APRIL).reasons, ['raw_child_thr_form: 3 rows by batch 41']);
  assert.deepEqual(states.of('child_care_monthly', APRIL).reasons, ['child_thr_form 2026-04 is stale']);
});

test('a prerequisite that was computed since makes stale what was computed before', () => {
  const { changes, done } = computed();
  done.compute([{ table: 'child_thr_form', month: APRIL }], changes);
  const states = statesOf({ changes, published: done.all });
  assert.deepEqual(states.of('child_care_monthly', APRIL).reasons, [
    'child_thr_form 2026-04 was computed anew',
  ]);
  assert.equal(states.of('child_care_monthly', MAY).state, 'fresh');
});

test('a table that came after the month was computed makes it stale', () => {
  const states = statesOf({
    models: [model('t', { raw_a_form: 'same' })],
    changes: [change('raw_a_form', MAY, 0)],
    published: [published('t', MAY, 1, {})],
  });
  assert.equal(states.of('t', MAY).state, 'stale');
});

test('another model, or other settings of the domain, make all its months stale', () => {
  const one = { models: [model('t', {})], published: [published('t', MAY, 1, {}, { modelSha256: 'old' })] };
  assert.deepEqual(statesOf(one).of('t', MAY).reasons, ['the model changed']);
  const settings = statesOf({
    models: [model('t', {})],
    published: [published('t', MAY, 1, {})],
    settingsChanged: (version) => (version === 1n ? 'the time_zone changed' : null),
  });
  assert.deepEqual(settings.of('t', MAY).reasons, ['the time_zone changed']);
});

test('missing are the months from the first with data to the last that is over', () => {
  const states = statesOf({ changes: [change('raw_child_thr_form', MARCH, 1)] });
  const missing = states.all().filter((state) => state.state === 'missing');
  assert.deepEqual(
    missing.map((state) => `${state.table} ${state.month ?? '-'}`),
    ['flwc_location -', ...[MARCH, APRIL, MAY].map((month) => `child_thr_form ${month}`)],
  );
});

test('first_month keeps a tablet with a wrong clock from asking for fifty years', () => {
  const changes = [change('raw_child_thr_form', '1970-01-01', 1)];
  assert.equal(statesOf({ changes }).firstMonth('child_thr_form'), '1970-01-01');
  assert.equal(statesOf({ changes, firstMonth: APRIL }).firstMonth('child_thr_form'), APRIL);
});

test('closed months are flagged; what is stale for their sake only can not be mended', () => {
  const { changes, done } = computed();
  const late = [...changes, change('raw_service_enrollment_form', MARCH, 2)];
  const read = (): ReturnType<typeof statesOf> =>
    statesOf({ changes: late, published: done.all, closeAfter: 2 });
  const before = read();
  assert.deepEqual(
    [MARCH, APRIL].map((month) => before.of('service_enrollment_form', month)).map((each) => each.closed),
    [true, false],
  );
  assert.equal(before.of('service_enrollment_form', MARCH).due, false);
  const april = before.of('service_enrollment_form', APRIL);
  assert.deepEqual(april.reasons, ['service_enrollment_form 2026-03 is stale and closed']);
  assert.deepEqual([april.state, april.mendable, april.due], ['stale', false, false]);
});

test('hundreds of months in a chain are followed', () => {
  const changes = [change('raw_service_enrollment_form', '1826-01-01', 1)];
  const states = statesOf({ changes });
  assert.equal(states.of('service_enrollment_form', MAY).state, 'missing');
  const nodes = planMonths(states, [{ table: 'service_enrollment_form', month: MAY, force: false }]);
  assert.equal(nodes.length, 200 * 12 + 5);
});

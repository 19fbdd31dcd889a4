import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readRequest, requireComputable } from '../../../orchestrator/aggregation/read-request.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { change, PROGRAMME, statesOf } from './programme-models.js';

const CONFIG = parseLakeConfig("domains:\n  nutrition-demo:\n    cases: {'*': {}}\n");
const MAY = '2026-05-01';
const DATA = [change('raw_child_thr_form', '2026-03-01', 1)];

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    assert.ok(thrown instanceof LakeError);
    return `${thrown.code} ${thrown.exitCode}: ${thrown.message} | ${thrown.mend}`;
  }
  return assert.fail('it was taken');
}

const read = (table: string, domain = 'nutrition-demo', month = MAY): ReturnType<typeof readRequest> =>
  readRequest({ table, domain, month }, PROGRAMME, CONFIG);

describe('what was typed', () => {
  test('an aggregation by its name or its table, ignoring case; all; a month written short', () => {
    assert.deepEqual(
      ['child_thr', 'CHILD_thr_form'].map((name) => read(name).models[0]?.table),
      ['child_thr_form', 'child_thr_form'],
    );
    assert.equal(read('all').models.length, PROGRAMME.length);
    assert.equal(read('all', 'nutrition-demo', '2026-05').month, MAY);
  });

  test('what is none is refused with what was meant', () => {
    assert.match(
      refusal(() => read('chld_thr')),
      /^USAGE 2: There is no aggregation "chld_thr" \| Did you mean child_thr\?/,
    );
    assert.match(
      refusal(() => read('all', 'nutrition')),
      /^USAGE 2: .* no domain "nutrition" \| Did you mean nutrition-demo\?/,
    );
    assert.match(
      refusal(() => read('all', 'nutrition-demo', '2026-05-17')),
      /^USAGE 2: "2026-05-17" is not the first of a month \| Did you mean 2026-05-01\?/,
    );
    for (const text of [
      '',
      'May',
      '2026',
      '2026-13',
      '2026-00-01',
      '2026-5-1',
      '26-05-01',
      '2026-05-01T00:00:00Z',
      '-5',
    ])
      assert.match(
        refusal(() => read('all', 'nutrition-demo', text)),
        /^USAGE 2: ".*" is no month/,
        text,
      );
  });
});

describe('what can be computed', () => {
  const check = (name: string, month: string, inLake: string[], changes = DATA): string =>
    refusal(() => {
      requireComputable(read(name, 'nutrition-demo', month), statesOf({ changes }), new Set(inLake));
    });

  test('no month in the future of the domain, or before any data', () => {
    assert.match(
      check('child_thr', '2026-07', ['raw_child_thr_form']),
      /^USAGE 2: 2026-07-01 is in the future/,
    );
    assert.match(
      check('child_thr', '2026-02', ['raw_child_thr_form']),
      /^USAGE 2: 2026-02-01 is before any data of child_thr .* \| The first month is 2026-03-01/,
    );
    assert.match(
      check('child_thr', '2026-02', ['raw_child_thr_form'], []),
      /No record in the lake has a month yet/,
    );
    requireComputable(read('child_thr'), statesOf({ changes: DATA }), new Set(['RAW_child_thr_form']));
  });

  test('no aggregation whose sources, or those of what it needs, are not in the lake', () => {
    const told = check('agg_child_care', MAY, [
      'raw_child_thr_form',
      'raw_child_care_case',
      'raw_member_case',
    ]);
    assert.match(told, /^SOURCE_MISSING 6: .*raw_location \(read by flwc_location\)/);
    assert.match(told, /raw_service_enrollment_form \(read by service_enrollment\)/);
  });
});

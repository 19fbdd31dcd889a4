import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanText, verdictOf, type Standing } from '../../../orchestrator/api/read/verdict.js';
import type { Topic } from '../../../orchestrator/api/schemas/lake.js';

const TOPIC: Topic = {
  name: 'form-sql',
  state: 'running',
  health: 'ok',
  reason: null,
  lag: 0,
  lagSeconds: 0,
  secondsToCatchUp: 0,
  messagesPerSecond: 10,
  openBatches: 0,
  newestCommitAt: null,
  quarantined: 0,
};
const CALM: Standing = {
  topics: [TOPIC, { ...TOPIC, name: 'case-sql' }, { ...TOPIC, name: 'location' }],
  haltedTables: [],
  pausedAll: null,
  failedMonths: 0,
  staleMonths: 0,
  kafkaReason: null,
  quarantined: 0,
  newestSeconds: 12,
};
const LATE = { ...TOPIC, lag: 900, lagSeconds: 2_460, secondsToCatchUp: 300 };
const HALTED_TABLE = { name: 'raw_x_form', topic: 'form-sql', reason: 'DELTA_CORRUPT: line\nmore' };

/** One sentence each: who is woken at night reads nothing else first. */
const CASES: readonly [what: string, changed: Partial<Standing>, health: string, text: string][] = [
  ['nothing is wrong', {}, 'ok', 'All current: 3 topics, newest data 12 s old'],
  [
    'small things do not alarm',
    { quarantined: 2, staleMonths: 1 },
    'ok',
    'All current: 3 topics, newest data 12 s old, 1 month stale, 2 records set aside',
  ],
  [
    'work under way',
    { topics: [{ ...TOPIC, lag: 1_200, lagSeconds: 4 }] },
    'busy',
    'Working: 1,200 messages on the way, newest data 12 s old',
  ],
  ['late but moving', { topics: [LATE] }, 'warning', 'form-sql is 41 min behind, caught up in about 5 min'],
  [
    'late and still',
    { topics: [{ ...LATE, secondsToCatchUp: null }] },
    'warning',
    'form-sql is 41 min behind, and not moving',
  ],
  [
    'a halted table that holds its topic up',
    { topics: [LATE], haltedTables: [HALTED_TABLE] },
    'bad',
    'form-sql is 41 min behind and not moving: table raw_x_form is halted: DELTA_CORRUPT: line',
  ],
  [
    'a halted table alone',
    { haltedTables: [HALTED_TABLE] },
    'bad',
    'Table raw_x_form is halted: DELTA_CORRUPT: line',
  ],
  [
    'the worst first, the others counted',
    {
      topics: [{ ...LATE, state: 'halted', reason: 'OFFSETS_LOST: 12' }],
      failedMonths: 2,
      kafkaReason: 'Kafka does not answer',
    },
    'bad',
    'form-sql is 41 min behind and halted: OFFSETS_LOST: 12 (and 2 more)',
  ],
  [
    'everything paused is said once',
    { pausedAll: { by: 'asha', reason: 'HQ moves' }, topics: [{ ...TOPIC, state: 'paused' }] },
    'warning',
    'Everything is paused by asha: HQ moves',
  ],
  [
    'Kafka away',
    { kafkaReason: 'Kafka does not answer' },
    'warning',
    'Kafka does not answer: how far behind we are is not known',
  ],
  ['nothing yet', { topics: [] }, 'warning', 'Nothing was ingested yet: start `dimagi-lake up`'],
];

for (const [what, changed, health, text] of CASES)
  test(`the verdict: ${what}`, () => {
    assert.deepEqual(verdictOf({ ...CALM, ...changed }), { health, text });
  });

test('spans are said as people say them', () => {
  assert.deepEqual([12, 89, 90, 5_399, 5_400, 172_799, 172_800].map(spanText), [
    ...['12 s', '89 s', '2 min', '90 min', '2 h', '48 h', '2 days'],
  ]);
});

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { auditScript, readAudits, type Answers } from '../../orchestrator/aggregation/models/given-expect.js';
import { loadModels } from '../../orchestrator/aggregation/models/load-models.js';
import { askSpark } from '../integration/aggregation/models-on-spark.js';
import { WRONG_ROWS } from '../integration/aggregation/wrong-rows.js';

const models = loadModels();

describe('rows that no model should make are kept back by its audits', () => {
  let answers: readonly (Answers | Error)[] = [];
  before(async () => {
    const asked = WRONG_ROWS.map(({ model, test: each }) => ({ model: models.byTable(model), test: each }));
    answers = await askSpark(asked, models.all, auditScript);
  });
  WRONG_ROWS.forEach((wrong, at) => {
    test(`${wrong.test.name} (${at + 1})`, () => {
      const answer = answers[at];
      if (answer instanceof Error) throw answer;
      assert.ok(answer !== undefined);
      assert.deepEqual(
        readAudits(answer.audits)
          .map(({ audit }) => audit)
          .sort(),
        wrong.audits,
      );
    });
  });
});

test('every audit of the lake is shown to find something', () => {
  for (const model of models.all)
    for (const audit of model.audits.filter(({ on }) => on === 'lake'))
      assert.ok(
        WRONG_ROWS.some((wrong) => wrong.model === model.table && wrong.audits.includes(audit.name)),
        `${model.table}: ${audit.name}`,
      );
});

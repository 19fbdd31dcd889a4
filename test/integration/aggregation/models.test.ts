import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { judge, type Answers } from '../../../orchestrator/aggregation/models/given-expect.js';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import { askSpark, type Asked } from './models-on-spark.js';

const { all: models } = loadModels();

/** A test with the rows of each table the other way round: their order must make no difference. */
function turned({ model, test: each }: Asked): Asked {
  const given = Object.entries(each.given).map(([table, rows]) => {
    const named = rows.map((row, at) => ({ _id: `row-${at + 1}`, ...row }));
    return [table, table.startsWith('raw_') ? named.reverse() : [...rows].reverse()] as const;
  });
  return { model, test: { ...each, name: `${each.name}, turned round`, given: Object.fromEntries(given) } };
}

/** Of each model the test that gives the most rows. */
function largest(asked: readonly Asked[]): Asked[] {
  const rowsOf = ({ test: each }: Asked): number => Object.values(each.given).flat().length;
  return models.flatMap((model) =>
    asked
      .filter((one) => one.model === model)
      .sort((a, b) => rowsOf(b) - rowsOf(a))
      .slice(0, 1),
  );
}

/** Each rule of each model, by the rows its yml gives and expects; every audit must let those rows pass. */
describe('what the models make of the rows given', () => {
  const told = models.flatMap((model) => model.tests.map((each): Asked => ({ model, test: each })));
  const asked = [...told, ...largest(told).map(turned)];
  let answers: readonly (Answers | Error)[] = [];
  before(async () => {
    answers = await askSpark(asked, models);
  });
  asked.forEach((one, at) => {
    test(`${one.model.table}: ${one.test.name}`, () => {
      const answer = answers[at];
      if (answer instanceof Error) throw answer;
      assert.ok(answer !== undefined);
      assert.deepEqual(judge(one.model, one.test, answer), []);
    });
  });
});

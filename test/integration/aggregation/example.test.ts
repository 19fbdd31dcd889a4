import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge } from '../../../orchestrator/aggregation/models/given-expect.js';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { askSpark } from './models-on-spark.js';

const FOLDER = join(PACKAGE_ROOT, 'spark-jobs', 'models');

test("the guide's example is a model: two files beside ours are read, run and do what they say", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-example-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  cpSync(FOLDER, folder, { recursive: true });
  const guide = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const [block, ending] of [
    ['yaml', 'yml'],
    ['sql', 'sql'],
  ] as const) {
    const text = new RegExp(`\`\`\`${block}\\n(.*?)\`\`\``, 's').exec(guide)?.[1];
    assert.ok(text !== undefined, `the guide has no ${block}`);
    writeFileSync(join(folder, `home_visits_monthly.${ending}`), text);
  }
  const models = loadModels(folder);
  const model = models.byName('home_visits');
  const asked = model.tests.map((each) => ({ model, test: each }));
  const answers = await askSpark(asked, models.all);
  assert.equal(answers.length, 2);
  for (const [at, answer] of answers.entries()) {
    if (answer instanceof Error) throw answer;
    const one = asked[at];
    assert.ok(one !== undefined);
    assert.deepEqual(judge(model, one.test, answer), []);
    // And the judge judges: an expectation that does not hold is told.
    const other = { ...one.test, expect: [{ ...one.test.expect[0], visits: 7 }] };
    assert.match(judge(model, other, answer).join('\n'), /no row is .*"visits":7.*\nnot expected/);
  }
});

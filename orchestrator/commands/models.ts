import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { GivenExpect, Model } from '../aggregation/model.js';
import { answersOf, judge, testScript } from '../aggregation/models/given-expect.js';
import { loadModels } from '../aggregation/models/load-models.js';
import type { LaneOutcome } from '../commit/run-result.js';
import { modelsFolder, readSettings } from '../config/settings.js';
import { EXIT, LakeError } from '../errors.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import { runOnSpark } from '../pipeline/run-on-spark.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { counted, printJson, printLine, printTable } from './terminal/print.js';
import { withSpark } from './with-spark.js';

interface Flags {
  readonly json?: boolean;
}

/** One test of a model and how its rows differ from those expected; none: it passed. */
interface Judged {
  readonly model: string;
  readonly test: string;
  readonly differences: readonly string[];
}

const APPLICATION = { group: 'models-test', name: 'dimagi-lake models test', size: 'small' } as const;

export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .description('the models of aggregations: list them, run their tests');
  withExamples(
    models
      .command('list', { isDefault: true })
      .description('names, tables and what they need')
      .option('--json', 'print the result as JSON')
      .action(list),
    { 'dimagi-lake models': 'what `aggregation` takes as a name' },
  );
  withExamples(
    models
      .command('test [names...]')
      .description('run the given/expect tests of models on Spark, of all when none is named')
      .option('--json', 'print the result as JSON')
      .action(test),
    {
      'dimagi-lake models test child_care': "every rule of one model's yml",
      'AGGREGATION_MODELS=./models dimagi-lake models test': 'models of your own',
    },
    ['Nothing of the lake is read or written. Ends with 0 when all passed, 1 when one failed.'],
  );
}

function list({ json }: Flags): void {
  const { all } = loadModels(modelsFolder());
  const told = all.map(({ name, table, grain, needs, tests }) => ({
    name,
    table,
    grain,
    needs: needs.map((need) => `${need.table} (${need.month})`),
    tests: tests.length,
  }));
  if (json) printJson(told);
  else
    printTable(
      ['name', 'table', 'tests', 'grain', 'needs'],
      told.map((each) => [each.name, each.table, each.tests, each.grain, each.needs.join(', ')]),
    );
}

async function test(names: readonly string[], { json }: Flags): Promise<void> {
  const settings = readSettings();
  const models = loadModels(settings.environment.AGGREGATION_MODELS);
  const chosen = names.length === 0 ? models.all : names.map((name) => models.byName(name));
  const judged = await withSpark(
    ({ context, signal }) => judgeAll(context, chosen, models.all, signal),
    settings,
  );
  const failed = judged.filter(({ differences }) => differences.length > 0);
  process.exitCode = failed.length === 0 ? EXIT.ok : EXIT.failed;
  if (json) printJson({ passed: judged.length - failed.length, failed: failed.length, tests: judged });
  else print(judged, failed);
}

async function judgeAll(
  context: DriverContext,
  chosen: readonly Model[],
  all: readonly Model[],
  signal: AbortSignal,
): Promise<Judged[]> {
  const asked = chosen.flatMap((model) =>
    model.tests.map((each) => ({ model, test: each, script: testScript(model, all, each) })),
  );
  const runId = `models-${randomUUID()}`;
  const path = `runs/${runId}`;
  const lanes = asked.map(({ model, script }, at) => ({
    laneId: BigInt(at),
    tableName: model.table,
    script: script.map((statement) => `${statement}\n;\n`).join(''),
  }));
  try {
    const ended = await runOnSpark(context, { runId, path, lanes, application: APPLICATION }, signal);
    if (ended.lanes.size === 0)
      throw new LakeError('QUERY_FAILED', `The driver left no result (the run ended as ${ended.state})`, {
        facts: { runId, driver: ended.driver },
      });
    return asked.map(({ model, test: each }, at) => ({
      model: model.name,
      test: each.name,
      differences: differencesOf(model, each, ended.lanes.get(at.toString())),
    }));
  } finally {
    await context.checkpoint.deleteFolder(path);
  }
}

function differencesOf(model: Model, each: GivenExpect, outcome: LaneOutcome | undefined): readonly string[] {
  if (outcome?.failure !== undefined) return [outcome.failure.reason];
  const answers = answersOf(outcome?.rows ?? []);
  return answers === undefined ? ['Spark gave no answer'] : judge(model, each, answers);
}

function print(judged: readonly Judged[], failed: readonly Judged[]): void {
  for (const { model, test: name, differences } of failed) {
    printLine(paint('red', `${model}: ${name}`));
    for (const difference of differences) printLine(`  ${difference}`);
  }
  printLine(`${counted(judged.length - failed.length, 'test')} passed, ${failed.length} failed`);
}

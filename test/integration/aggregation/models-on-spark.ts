import type { GivenExpect, Model } from '../../../orchestrator/aggregation/model.js';
import {
  answersOf,
  auditScript,
  testScript,
  type Answers,
} from '../../../orchestrator/aggregation/models/given-expect.js';
import type { Sql } from '../../../orchestrator/sql/text.js';
import { deltaSessionProperties } from '../../../orchestrator/submit/session-properties.js';
import { Workshop } from '../runner/driver.js';
import { startLedger } from '../runner/ledger.js';
import { laneOf, readResult } from '../runner/result.js';

/** The session of production, without a metastore; plans of a few rows are faster as they are than compiled. */
const PROPERTIES = {
  ...deltaSessionProperties({ driverClasspath: '', shortLived: true }),
  'spark.sql.catalogImplementation': 'in-memory',
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  'spark.sql.shuffle.partitions': '1',
  // A table that is sent round takes megabytes however few its rows are, and the driver's heap is small.
  'spark.sql.autoBroadcastJoinThreshold': '-1',
};

/** One test of a model on its way through Spark; the answers are in the order of the questions. */
export interface Asked {
  readonly model: Model;
  readonly test: GivenExpect;
}

/** Runs all tests in one Spark session each, in one driver. @returns the answers of each, or why there are none */
export async function askSpark(
  asked: readonly Asked[],
  models: readonly Model[],
  script: typeof testScript | typeof auditScript = testScript,
): Promise<readonly (Answers | Error)[]> {
  const scripts = asked.map(({ model, test }) => script(model, models, test));
  const results = await runScripts(scripts);
  return results.map((rows) =>
    rows instanceof Error
      ? rows
      : (answersOf(rows.filter((row) => row !== null)) ??
        new Error(`the answer is not there: ${JSON.stringify(rows)}`)),
  );
}

/** @returns the first row of each statement of each script, or why a script failed */
async function runScripts(
  scripts: readonly (readonly Sql[])[],
): Promise<readonly (readonly (Readonly<Record<string, string | null>> | null)[] | Error)[]> {
  const workshop = new Workshop();
  const ledger = await startLedger();
  try {
    const ids = await ledger.addRun();
    const lanes = Object.fromEntries(scripts.map((statements, at) => [`script-${at}`, statements]));
    const runFile = workshop.writeRun(ids.run, lanes);
    const args = ['--run', ids.run, '--token', ids.token, '--run-file', runFile];
    const driver = workshop.start({ args, env: ledger.env, properties: PROPERTIES });
    const code = await driver.exit;
    if (code !== 0 && code !== 20)
      throw new Error(`the driver ended with ${code}: ${driver.log().slice(-3000)}`);
    const result = readResult(workshop.resultPath(ids.run));
    return scripts.map((statements, at) => {
      const lane = laneOf(result, `script-${at}`);
      const failed = lane.statements.find((statement) => statement.error !== null);
      if (lane.state === 'done') return lane.statements.map(({ row }) => row);
      const what = `${JSON.stringify(failed?.error)}\n${statements[failed?.index ?? 0] ?? ''}`;
      return new Error(`${what}\n${driver.log().slice(-1500)}`);
    });
  } finally {
    await workshop.close();
    await ledger.close();
  }
}

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { followRun } from '../../../orchestrator/commit/follow-run.js';
import { insertRun, readRun, runSubmitted } from '../../../orchestrator/ledger/runs.js';
import { giveToDriver } from '../../../orchestrator/pipeline/give-to-driver.js';
import type { Sql } from '../../../orchestrator/sql/text.js';
import { driverRequest, type Application } from '../../../orchestrator/submit/driver-request.js';
import { resultPath, writeRunFiles, type LaneScript } from '../../../orchestrator/submit/run-files.js';
import type { LakeSpark } from '../lake-spark.js';

const statement = z.object({
  startedAt: z.string(),
  seconds: z.number(),
  row: z.record(z.string(), z.string().nullable()).nullable(),
  error: z.unknown(),
});
const result = z.object({
  sessionSeconds: z.number(),
  lanes: z.array(z.object({ lane: z.string(), seconds: z.number(), statements: z.array(statement) })),
});

/** What a driver says of a run (spark-jobs/runner, Result.java). */
export type RunResult = z.infer<typeof result>;
export type StatementResult = z.infer<typeof statement>;

export interface RunOptions {
  /** Staged rows, by which the product decides between a local driver and executors. */
  readonly rows: number;
  readonly application?: Application;
  /** More properties for the driver, which is then a new one. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Drivers of an application end with their run: they would keep the memory that the merges' driver needs. */
function inApplication(spark: LakeSpark, application: Application | undefined): LakeSpark {
  if (application === undefined) return spark;
  const environment = { ...spark.environment, SPARK_WARM_SECONDS: 0 };
  return { ...spark, environment, context: { ...spark.context, environment } };
}

/** Copies are written by compiled code, in a driver of their own. */
const GROWING = { group: 'bench-grow', name: 'bench: a table grows', size: 'medium' } as const;

/** A statement that writes many rows and is not measured. */
export async function runCompiled(spark: LakeSpark, statement: Sql): Promise<void> {
  const lanes = [{ laneId: 0n, tableName: 'grow', script: `${statement}\n;\n` }];
  await runLanes(spark, lanes, { rows: 0, application: GROWING });
}

/**
 * Runs lanes as merge-batch.ts does, less the batch: the run stands in the ledger, a driver (a warm one, if there is one)
 * claims it and leaves its result.
 */
export async function runLanes(
  spark: LakeSpark,
  lanes: readonly LaneScript[],
  { rows, application, properties }: RunOptions,
): Promise<RunResult> {
  const { context, database, environment } = inApplication(spark, application);
  const runId = `bench-${randomUUID()}`;
  const path = `runs/${runId}`;
  const token = randomUUID();
  const { signal } = new AbortController();
  const runFile = await writeRunFiles(context.checkpoint, path, runId, lanes);
  const group = application === undefined ? {} : { group: application.group };
  await database.transaction((tx) =>
    insertRun(tx, { id: runId, batchId: null, token, path, runFile, ...group }, []),
  );
  const run = { runId, token, runFile, rows, ...(application === undefined ? {} : { application }) };
  if (properties === undefined) await giveToDriver(context, run, signal);
  else {
    const request = driverRequest(run, environment);
    const { restUrl, submissionId } = await context.spark.create({
      ...request,
      sparkProperties: { ...request.sparkProperties, ...properties },
    });
    await runSubmitted(database, runId, restUrl, submissionId);
  }
  await followRun(database, context.spark, runId, environment.RUN_LEASE_SECONDS, context.logger, signal);
  const { state } = await readRun(database, runId);
  const bytes = await context.checkpoint.read(resultPath(path));
  if (bytes === undefined) throw new Error(`the driver left no result; the run ended as ${state}`);
  const read = result.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const failed = read.lanes.flatMap(({ statements }) => statements).find(({ error }) => error !== null);
  if (failed !== undefined) throw new Error(`a statement failed: ${JSON.stringify(failed.error)}`);
  return read;
}

import type { IngestionEnvironment } from '../config/environment.js';
import { deltaSessionProperties } from './session-properties.js';
import type { DriverRequest } from './spark-rest.js';

const RUNNER_CLASS = 'org.dimagi.lake.runner.Runner';

export interface RunToSubmit {
  readonly runId: string;
  readonly token: string;
  /** URL of the run file. */
  readonly runFile: string;
  /** Staged rows of all its lanes: small runs stay in the driver, large ones get executors. */
  readonly rows: number;
  /** Left out: a merge or a question, which any driver may take. */
  readonly application?: Application;
}

/** A Spark application for one kind of work only, and not for merges. */
export interface Application {
  /** Its drivers take runs of this group and no others. */
  readonly group: string;
  /** As Spark's own pages show it. */
  readonly name: string;
  /** `small` is for rows so few that compiling code for them costs more than it saves; `large` gets executors. */
  readonly size: 'small' | 'medium' | 'large';
}

/** Variables that a submission depends on. */
export type SubmitEnvironment = Pick<
  IngestionEnvironment,
  | 'SPARK_MASTER_URL'
  | 'SPARK_DRIVER_CLASSPATH'
  | 'SPARK_CLASS_ARCHIVE'
  | 'SPARK_DRIVER_MEMORY'
  | 'SPARK_LOCAL_MAX_ROWS'
  | 'SPARK_LOCAL_CORES'
  | 'SPARK_WARM_SECONDS'
  | 'SPARK_DRIVER_FAULT'
  | 'RUN_LEASE_SECONDS'
  | 'S3_ENDPOINT'
  | 'AWS_REGION'
>;

/**
 * Spark works out what holds of each column and whether a filter says so already: in the square of the columns, for
 * plans that have hundreds and no filter it could spare. Half of a wide MERGE's time was this (decision 0027).
 */
const WIDE_PLANS: Readonly<Record<string, string>> = {
  'spark.sql.constraintPropagation.enabled': 'false',
};

/**
 * For small merges generating and compiling code costs more than it saves; for large ones it pays. Every sort and hash table begins
 * with a page of memory, 16 MB of it by itself at a heap of 1 GB: a hundred times what a small table's rows need, cleared and collected anew
 * in each task. A row larger than the page gets one of its own.
 */
const SMALL_RUNS: Readonly<Record<string, string>> = {
  'spark.buffer.pageSize': '1m',
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
};

/** Runs that get executors: no driver without takes them, however idle. */
const ON_EXECUTORS = 'executors';

/** Which drivers may claim the run: those of this group, or of none. */
export function driverGroup(
  { application, rows }: Pick<RunToSubmit, 'application' | 'rows'>,
  { SPARK_LOCAL_MAX_ROWS }: Pick<SubmitEnvironment, 'SPARK_LOCAL_MAX_ROWS'>,
): string | undefined {
  if (application !== undefined) return application.group;
  return rows > SPARK_LOCAL_MAX_ROWS ? ON_EXECUTORS : undefined;
}

/** Whether the run's driver asks Spark for executors, or does all in its own JVM. */
export function needsExecutors(
  run: Pick<RunToSubmit, 'application' | 'rows'>,
  environment: Pick<SubmitEnvironment, 'SPARK_LOCAL_MAX_ROWS'>,
): boolean {
  if (run.application !== undefined) return run.application.size === 'large';
  return driverGroup(run, environment) === ON_EXECUTORS;
}

/**
 * The REST request of one run. Start-up is most of a small run's time, so it stays in the driver JVM (`local[N]`: no
 * executors to wait for) and the driver goes on claiming runs for a while (warm); secrets are in the worker's
 * environment and never here.
 */
export function driverRequest(run: RunToSubmit, environment: SubmitEnvironment): DriverRequest {
  const { application } = run;
  const local = !needsExecutors(run, environment);
  // An application's next step comes at once: its driver waits for it even where executors wait too.
  const warm = (local || application !== undefined) && environment.SPARK_WARM_SECONDS > 0;
  return {
    mainClass: RUNNER_CLASS,
    appArgs: [
      ...['--run', run.runId, '--token', run.token, '--run-file', run.runFile],
      ...['--lease-seconds', String(environment.RUN_LEASE_SECONDS)],
      ...(warm ? ['--idle-seconds', String(environment.SPARK_WARM_SECONDS)] : []),
      ...(application === undefined ? [] : ['--group', application.group]),
    ],
    sparkProperties: {
      ...deltaSessionProperties({
        driverClasspath: environment.SPARK_DRIVER_CLASSPATH,
        classArchive: environment.SPARK_CLASS_ARCHIVE,
        s3Endpoint: environment.S3_ENDPOINT,
        s3Region: environment.AWS_REGION,
        shortLived: local && application?.size !== 'medium',
      }),
      // The source is staging files that never change, so a copy of it for safety would be for nothing.
      'spark.databricks.delta.merge.materializeSource': 'none',
      ...(application === undefined ? WIDE_PLANS : {}),
      ...(local && application?.size !== 'medium' ? SMALL_RUNS : {}),
      // Unique, so that the run can be found in Spark's own pages.
      'spark.app.name': application?.name ?? `dimagi-lake ${run.runId}`,
      'spark.master': local ? `local[${environment.SPARK_LOCAL_CORES}]` : environment.SPARK_MASTER_URL,
      'spark.driver.cores': '1',
      'spark.driver.memory': environment.SPARK_DRIVER_MEMORY,
      'spark.driver.supervise': 'false',
    },
    environmentVariables: {
      ...(environment.SPARK_DRIVER_FAULT === undefined
        ? {}
        : { DIMAGI_LAKE_DRIVER_FAULT: environment.SPARK_DRIVER_FAULT }),
    },
  };
}

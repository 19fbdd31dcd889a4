import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError } from '../errors.js';
import { hasIdleDriver, readRun, runSubmitted, voidRun } from '../ledger/runs.js';
import { driverRequest, type RunToSubmit, type SubmitEnvironment } from '../submit/driver-request.js';
import type { PipelineContext } from './context.js';

/** What a run needs of the outside world. */
export interface DriverContext extends Pick<PipelineContext, 'database' | 'checkpoint' | 'spark' | 'logger'> {
  readonly environment: SubmitEnvironment;
}

/** How long an idle warm driver gets to claim a run before a new driver is created for it. */
const WARM_CLAIM_MS = 2_000;

/**
 * Gives a run that stands in the ledger to a driver: an idle warm one, else a new one.
 * @returns whether Spark was asked for a new one
 */
export async function giveToDriver(
  context: DriverContext,
  run: RunToSubmit,
  signal: AbortSignal,
): Promise<boolean> {
  if (await claimedByWarmDriver(context, run, signal)) return false;
  await submit(context, run);
  return true;
}

async function claimedByWarmDriver(
  context: DriverContext,
  { runId, application }: RunToSubmit,
  signal: AbortSignal,
): Promise<boolean> {
  if (context.environment.SPARK_WARM_SECONDS === 0) return false;
  if (!(await hasIdleDriver(context.database, application?.group))) return false;
  const until = Date.now() + WARM_CLAIM_MS;
  while (Date.now() < until) {
    if ((await readRun(context.database, runId)).state !== 'submitted') return true;
    await sleep(50, undefined, { signal });
  }
  return false;
}

/**
 * Asks Spark for a driver. An answer that is lost is settled by the run's claim: followRun waits for it, and takes
 * the run away when none comes; a driver that comes later is refused.
 */
async function submit(context: DriverContext, run: RunToSubmit): Promise<void> {
  try {
    const submission = await context.spark.create(driverRequest(run, context.environment));
    await runSubmitted(context.database, run.runId, submission.restUrl, submission.submissionId);
    context.logger.info('run submitted', {
      runId: run.runId,
      submissionId: submission.submissionId,
      rows: run.rows,
    });
  } catch (thrown) {
    const error = asLakeError(thrown);
    if (error.code === 'SPARK_ANSWER_LOST') {
      context.logger.warn('no answer to create; waiting for the claim', {
        runId: run.runId,
        reason: error.message,
      });
      return;
    }
    await voidRun(context.database, run.runId, 'submitted', error.message);
    throw error;
  }
}

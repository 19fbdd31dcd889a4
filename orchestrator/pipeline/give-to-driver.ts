import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError } from '../errors.js';
import { readRun, runSubmitted, voidRun, warmDriver } from '../ledger/runs.js';
import {
  driverGroup,
  driverRequest,
  type RunToSubmit,
  type SubmitEnvironment,
} from '../submit/driver-request.js';
import type { PipelineContext } from './context.js';

/** What a run needs of the outside world. */
export interface DriverContext extends Pick<PipelineContext, 'database' | 'checkpoint' | 'spark' | 'logger'> {
  readonly environment: SubmitEnvironment;
}

/**
 * How long a run waits to be claimed by a warm driver before a new driver is created for it. While all are at work: as long
 * as a new one takes to start, so that waiting never costs more than twice what it could have saved; the processor
 * time of its start (a cold driver's first MERGE costs four of a warm one's) stays with the driver that is at work.
 */
const CLAIM_MS = { idle: 2_000, busy: 10_000 } as const;

/**
 * Gives a run that stands in the ledger to a driver: a warm one, else a new one.
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
  { database, environment }: DriverContext,
  run: RunToSubmit,
  signal: AbortSignal,
): Promise<boolean> {
  if (environment.SPARK_WARM_SECONDS === 0) return false;
  const began = Date.now();
  let offered = began;
  for (;;) {
    if ((await readRun(database, run.runId)).state !== 'submitted') return true;
    const warm = await warmDriver(database, driverGroup(run, environment));
    // One that turns idle while the run waits gets as long for its claim as one that was.
    if (warm !== 'idle') offered = Date.now();
    if (warm === undefined || Date.now() - offered > CLAIM_MS.idle || Date.now() - began > CLAIM_MS.busy)
      return false;
    await sleep(100, undefined, { signal });
  }
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

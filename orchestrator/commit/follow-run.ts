import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerDatabase } from '../ledger/database.js';
import { readRun, voidRun, type Run } from '../ledger/runs.js';
import type { Logger } from '../logger.js';
import type { DriverState, SparkRest } from '../submit/spark-rest.js';

const LOOK_EVERY_MS = 200;
/** How often Spark is asked about a driver; its answer is only a hint, the ledger tells the rest. */
const ASK_SPARK_EVERY_MS = 2_000;
/** A run nobody claimed, whose driver Spark does not know, is given up after so long. */
const UNCLAIMED_SECONDS = 60;

/** States in which the driver's JVM is gone for certain. ERROR is none: the worker may only be out of reach. */
const GONE: readonly DriverState[] = ['FINISHED', 'FAILED', 'KILLED'];

/**
 * Waits for a run's end, or decides that its driver is lost and takes the run away from it. What the run did is not
 * told by how it ended: every lane is looked up in the Delta log afterwards.
 */
export async function followRun(
  database: LedgerDatabase,
  spark: SparkRest,
  runId: string,
  leaseSeconds: number,
  logger: Logger,
  signal: AbortSignal,
): Promise<Run['state']> {
  let asked = 0;
  for (;;) {
    signal.throwIfAborted();
    const run = await readRun(database, runId);
    if (run.state !== 'submitted' && run.state !== 'claimed') return run.state;
    if (run.state === 'claimed' && (run.silentSeconds ?? 0) > leaseSeconds) {
      await giveUp(database, spark, run, `no heartbeat for ${leaseSeconds} s`, logger);
      continue;
    }
    if (Date.now() - asked > ASK_SPARK_EVERY_MS) {
      asked = Date.now();
      const reason = await whyLost(spark, run);
      if (reason !== undefined) {
        await giveUp(database, spark, run, reason, logger);
        continue;
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** @returns a reason only where the driver can't be at work any more, or can't ever claim the run */
async function whyLost(spark: SparkRest, run: Run): Promise<string | undefined> {
  if (run.state === 'claimed') {
    if (run.claimedBy === null) return undefined;
    const state = await spark.state(run.claimedBy).catch(() => undefined);
    return state !== undefined && GONE.includes(state) ? `its driver ended as ${state}` : undefined;
  }
  const unclaimedTooLong = run.ageSeconds > UNCLAIMED_SECONDS;
  if (run.submissionId === null) return unclaimedTooLong ? 'no driver claimed it' : undefined;
  const state = await spark.state(run.submissionId).catch(() => 'UNKNOWN' as const);
  if (state === undefined) return unclaimedTooLong ? 'Spark does not know its driver' : undefined;
  return GONE.includes(state) || state === 'ERROR'
    ? `its driver ended as ${state} without a claim`
    : undefined;
}

async function giveUp(
  database: LedgerDatabase,
  spark: SparkRest,
  run: Run,
  reason: string,
  logger: Logger,
): Promise<void> {
  if (run.state !== 'submitted' && run.state !== 'claimed') return;
  if (!(await voidRun(database, run.id, run.state, reason))) return;
  logger.warn('run voided', { runId: run.id, submissionId: run.submissionId, reason });
  if (run.submissionId !== null) await spark.kill(run.submissionId);
}

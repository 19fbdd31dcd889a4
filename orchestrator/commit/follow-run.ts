import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerDatabase } from '../ledger/database.js';
import { noteWaitForRoom, readRun, voidRun, type Run } from '../ledger/runs.js';
import type { Logger } from '../logger.js';
import type { DriverState, SparkRest } from '../submit/spark-rest.js';

const LOOK_EVERY_MS = 200;
/** How often Spark is asked about a driver; its answer is only a hint, the ledger tells the rest. */
const ASK_SPARK_EVERY_MS = 2_000;
/** A run nobody claimed, whose driver Spark does not know, is given up after so long. */
const UNCLAIMED_SECONDS = 60;

/** A driver that Spark has room for is started at once; one that still waits after so long has none. */
const ROOM_SECONDS = 3;

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
      const state = await driverState(spark, run);
      const reason = whyLost(run, state);
      if (reason !== undefined) {
        await giveUp(database, spark, run, reason, logger);
        continue;
      }
      if (state === 'SUBMITTED' && run.ageSeconds > ROOM_SECONDS && (await noteWaitForRoom(database, runId)))
        logger.info('run waits for room in the cluster; idle warm drivers make way', { runId });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Of the run's driver, as Spark has it. @returns undefined: it knows none; `UNKNOWN` also when it can't be asked */
async function driverState(spark: SparkRest, run: Run): Promise<DriverState | undefined> {
  const id = run.state === 'claimed' ? run.claimedBy : run.submissionId;
  if (id === null) return undefined;
  return spark.state(id).catch(() => 'UNKNOWN' as const);
}

/** @returns a reason only where the driver can't be at work any more, or can't ever claim the run */
function whyLost(run: Run, state: DriverState | undefined): string | undefined {
  if (run.state === 'claimed')
    return state !== undefined && GONE.includes(state) ? `its driver ended as ${state}` : undefined;
  if (state === undefined) {
    if (run.ageSeconds <= UNCLAIMED_SECONDS) return undefined;
    return run.submissionId === null ? 'no driver claimed it' : 'Spark does not know its driver';
  }
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

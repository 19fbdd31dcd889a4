import { setTimeout as sleep } from 'node:timers/promises';
import { isAtWork, type VoidedRun } from '../ledger/batch-acts.js';
import type { DriverState } from '../submit/spark-rest.js';
import type { JobParts } from './parts.js';

/** Spark kills a driver within three seconds; a worker that hangs does not. */
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 250;
/** States in which the driver's JVM is gone for certain. ERROR is none: the worker may only be out of reach. */
const GONE: readonly (DriverState | undefined)[] = ['FINISHED', 'FAILED', 'KILLED', undefined];

export interface EndedDrivers {
  /** Drivers that are gone. */
  readonly gone: readonly string[];
  /** Drivers that could not be seen to end; they are refused at their next statement all the same. */
  readonly left: readonly string[];
}

/**
 * Kills the drivers of runs that were taken from them, and waits until Spark says that they are gone. A warm driver that
 * has begun another run is left alone: of this one it may do nothing any more.
 */
export async function endDrivers(
  { database, spark }: Pick<JobParts, 'database' | 'spark'>,
  runs: readonly VoidedRun[],
): Promise<EndedDrivers> {
  const drivers = [...new Set(runs.map((run) => run.driver ?? run.submissionId))].filter((id) => id !== null);
  const doomed: string[] = [];
  for (const driver of drivers) {
    if (await isAtWork(database, driver)) continue;
    await spark.kill(driver);
    doomed.push(driver);
  }
  const until = Date.now() + WAIT_MS;
  let left = doomed;
  for (;;) {
    const states = await Promise.all(left.map((driver) => stateOf(spark, driver)));
    left = left.filter((_driver, at) => !GONE.includes(states[at]));
    if (left.length === 0 || Date.now() > until) break;
    await sleep(LOOK_EVERY_MS);
  }
  return { gone: doomed.filter((driver) => !left.includes(driver)), left };
}

/** A master that does not answer tells nothing: the driver counts as there. */
async function stateOf(spark: JobParts['spark'], driver: string): Promise<DriverState | undefined> {
  return spark.state(driver).catch((): DriverState => 'UNKNOWN');
}

import axios from 'axios';
import { z } from 'zod';
import { killDriver } from '../../deploy/stack/spark-rest.js';
import { sparkToken } from '../../orchestrator/submit/spark-token.js';
import { stackVariable } from './stack-environment.js';
import { until } from './until.js';

const RUNNER = 'org.dimagi.lake.runner.Runner';
const drivers = z.array(z.object({ id: z.string(), mainclass: z.string(), state: z.string() }));
const workers = z.array(z.object({ state: z.string(), memory: z.number() }));
const applications = z.array(z.object({ name: z.string() }));
const view = z.object({
  activedrivers: drivers,
  completeddrivers: drivers,
  activeapps: applications,
  completedapps: applications,
  workers,
});

export interface SparkDriver {
  readonly id: string;
  /** `RUNNING`, `FINISHED`, `FAILED`, … */
  readonly state: string;
}

async function masterView(): Promise<z.infer<typeof view>> {
  const token = sparkToken(stackVariable('SPARK_REST_SECRET'));
  const answer = await axios.get<unknown>(`${stackVariable('SPARK_MASTER_UI_URL')}/json/`, {
    headers: { Authorization: `Bearer ${token}` },
    proxy: false,
    timeout: 10_000,
  });
  return view.parse(answer.data);
}

/** The runner's drivers that live; the Thrift Server is a driver too, and is left alone. */
export async function liveDrivers(): Promise<readonly SparkDriver[]> {
  return (await masterView()).activedrivers.filter((driver) => driver.mainclass === RUNNER);
}

/** The runner's drivers that have ended, as far back as the master remembers. */
export async function endedDrivers(): Promise<readonly SparkDriver[]> {
  return (await masterView()).completeddrivers.filter((driver) => driver.mainclass === RUNNER);
}

/** The names of the applications that have had executors, as far back as the master remembers. */
export async function applicationsOnExecutors(): Promise<readonly string[]> {
  const { activeapps, completedapps } = await masterView();
  return [...activeapps, ...completedapps].map(({ name }) => name);
}

/** How many workers the master believes to be alive. */
export async function liveWorkers(): Promise<number> {
  return (await masterView()).workers.filter((worker) => worker.state === 'ALIVE').length;
}

/** What drivers and executors may have together, in MB. */
export async function memoryOfWorkers(): Promise<number> {
  return (await masterView()).workers.reduce((sum, worker) => sum + worker.memory, 0);
}

/** Ends every driver of the runner, so that the next run needs a cold one. */
export async function endDrivers(): Promise<void> {
  const address = {
    restUrl: stackVariable('SPARK_REST_URLS'),
    masterUiUrl: stackVariable('SPARK_MASTER_UI_URL'),
    secret: stackVariable('SPARK_REST_SECRET'),
  };
  for (const { id } of await liveDrivers()) await killDriver(address, id);
  await until('all drivers have ended', async () => (await liveDrivers()).length === 0);
}

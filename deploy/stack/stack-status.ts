import { resolve } from 'node:path';
import { HOST } from './context.js';
import { stackLayout, type StackLayout } from './layout.js';
import { accepts, type PortName } from './ports.js';
import { livePid, logFile, SERVICES, wasStarted, type ServiceName } from './processes.js';
import { readState, type StackState } from './state.js';

/**
 * running: its process lives and its port answers · starting: it lives, the port does not answer (yet) · dead: it
 * was started and has ended by itself · stopped: not started · external: given by URL, not ours.
 */
export type ServiceState = 'running' | 'starting' | 'dead' | 'stopped' | 'external';

export interface ServiceStatus {
  readonly name: ServiceName | 'thrift';
  readonly state: ServiceState;
  readonly pid?: number;
  readonly port?: number;
  readonly log?: string;
}

const PORT_OF: Readonly<Record<ServiceName, PortName>> = {
  postgres: 'postgres',
  redis: 'redis',
  kafka: 'kafka',
  'spark-master': 'sparkRest',
  'spark-worker': 'sparkWorkerUi',
};

/** What runs of the stack in a directory; no lock is taken, so it answers while an `up` is at work. */
export async function stackStatus(dir: string): Promise<readonly ServiceStatus[]> {
  const layout = stackLayout(resolve(dir));
  const state = readState(layout);
  const services = await Promise.all(SERVICES.map((name) => serviceStatus(layout, state, name)));
  return [...services, ...(state?.thriftWanted === true ? [await thriftStatus(state, layout)] : [])];
}

async function serviceStatus(
  layout: StackLayout,
  state: StackState | undefined,
  name: ServiceName,
): Promise<ServiceStatus> {
  const given = { postgres: state?.postgresUrl, redis: state?.redisUrl }[name as string];
  if (given !== undefined) return { name, state: 'external' };
  const pid = livePid(layout, name);
  if (pid === undefined) return { name, state: wasStarted(layout, name) ? 'dead' : 'stopped' };
  const port = state?.ports[PORT_OF[name]];
  const answers = port !== undefined && (await accepts(HOST, port));
  return {
    name,
    state: answers ? 'running' : 'starting',
    pid,
    ...(port === undefined ? {} : { port }),
    log: logFile(layout, name),
  };
}

/** A driver of the worker: it has no process record of its own. */
async function thriftStatus(state: StackState, layout: StackLayout): Promise<ServiceStatus> {
  const { thriftSubmission } = state;
  const port = state.ports['thrift'];
  if (thriftSubmission === undefined || port === undefined) return { name: 'thrift', state: 'stopped' };
  const alive = livePid(layout, 'spark-worker') !== undefined && (await accepts(HOST, port));
  return {
    name: 'thrift',
    state: alive ? 'running' : 'dead',
    port,
    log: `${layout.spark}/work/${thriftSubmission}/stderr`,
  };
}

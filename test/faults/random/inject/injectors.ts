import { FAULT_NAMES, type FaultName } from '../named-faults.js';
import { driverFault, driverFreeze, driverKill, executorKill } from './drivers.js';
import type { Injector } from './injector.js';
import { partitionsAdded, retentionPassed, topicRecreated } from './kafka.js';
import {
  clockJump,
  crashAt,
  orchestratorFreeze,
  orchestratorKill,
  secondOrchestrator,
} from './orchestrators.js';
import { lie, nextCreate } from './rest.js';
import { killed, redisFlush, workerFreeze } from './services.js';
import { diskFull, s3Refuses, s3Slow } from './storage.js';

type OutsideFault = Exclude<FaultName, `crash:${string}` | `driver:${string}`>;

const OUTSIDE: Readonly<Record<OutsideFault, Injector>> = {
  'orchestrator-kill': orchestratorKill,
  'orchestrator-freeze': orchestratorFreeze,
  'second-orchestrator': secondOrchestrator,
  'driver-kill': driverKill,
  'driver-freeze': driverFreeze,
  'executor-kill': executorKill,
  'worker-kill': killed('spark-worker'),
  'worker-freeze': workerFreeze,
  'master-kill': killed('spark-master'),
  'redis-kill': killed('redis'),
  'redis-flush': redisFlush,
  'kafka-kill': killed('kafka'),
  'postgres-kill': killed('postgres'),
  'rest-answer-lost': nextCreate('cut'),
  'rest-request-late': nextCreate('hold'),
  'driver-state-failed': lie('FAILED'),
  'driver-state-finished': lie('FINISHED'),
  'driver-state-unknown': lie('forgotten'),
  'disk-full-staging': diskFull('staging'),
  'disk-full-lake': diskFull('lake'),
  's3-refuses': s3Refuses,
  's3-slow': s3Slow,
  'retention-passed': retentionPassed,
  'topic-recreated': topicRecreated,
  'partitions-added': partitionsAdded,
  'clock-forward': clockJump(2),
  'clock-back': clockJump(-2),
};

/** How each named fault is brought about. */
export const INJECTORS = Object.fromEntries(FAULT_NAMES.map((name) => [name, injectorOf(name)])) as Readonly<
  Record<FaultName, Injector>
>;

function injectorOf(name: FaultName): Injector {
  if (name.startsWith('crash:')) return crashAt(name.slice('crash:'.length));
  // Its first time is what all of them stand for: the runner counts from 1 without more.
  if (name.startsWith('driver:')) return driverFault(name.slice('driver:'.length));
  return OUTSIDE[name as OutsideFault];
}

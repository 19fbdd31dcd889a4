import type { CrashPoint } from '../../../orchestrator/crash-point.js';

/**
 * What the work has come to, counted in the ledger since the round began: a fault is timed by these and never by
 * seconds, so that a slow machine meets it at the same place.
 */
export const MOMENTS = ['planned', 'staged', 'claimed', 'merged', 'committed'] as const;
export type Moment = (typeof MOMENTS)[number];

/** What a run needs to be, so that a fault can happen in it. */
export type Need = 's3' | 'small-disk' | 'executors' | 'cold-drivers';

export interface NamedFault {
  /** One line, as plans and reports show it. */
  readonly what: string;
  /** Where it may fall. Empty: it decides itself (a crash point, a wait for idleness). */
  readonly moments: readonly Moment[];
  readonly needs?: Need;
  /** `bears`: another may fall before this one is mended. `both`: and this one before another is. */
  readonly pairs?: 'bears' | 'both';
  /** What must happen in HQ for it to have something to hit. */
  readonly wants?: 'location-type' | 'reprocess';
  /** How often beside 1; what takes minutes is drawn seldom. */
  readonly weight?: number;
}

const ANY = MOMENTS;

/** Points of the orchestrator's own code; what they mean stands in crash-point.ts. */
const CRASH_POINTS = [
  'after-planning',
  'after-staging-files',
  'after-staging',
  'after-run-written',
  'after-create',
  'after-lane-merged',
  'before-commit',
  'after-commit',
  'after-types-seen',
  'after-fan-out',
  'after-reprocess-listed',
  'after-reprocess-planned',
] as const satisfies readonly CrashPoint[];

/** Points of the runner's (Faults.java). */
const DRIVER_POINTS = [
  'halt-before-claim',
  'halt-after-commit',
  'freeze-before-commit',
  'freeze-before-statement',
] as const;

export type FaultName =
  | keyof typeof OUTSIDE
  | `crash:${(typeof CRASH_POINTS)[number]}`
  | `driver:${(typeof DRIVER_POINTS)[number]}`;

/** Faults that come from outside the code, at any moment. */
const OUTSIDE = {
  'orchestrator-kill': { what: 'kill -9 of an orchestrator', moments: ANY, pairs: 'both', weight: 2 },
  'orchestrator-freeze': {
    what: 'an orchestrator is stopped past its leases, thawed when another has done its work',
    moments: ANY,
  },
  'second-orchestrator': { what: 'one more orchestrator, later asked to end', moments: ANY },
  'driver-kill': {
    what: 'kill -9 of the driver that works',
    moments: ['claimed'],
    pairs: 'bears',
    weight: 2,
  },
  'driver-freeze': {
    what: 'the driver that works is stopped past its lease, thawed when another has done its work',
    moments: ['claimed'],
  },
  'executor-kill': { what: 'kill -9 of an executor', moments: ['claimed'], needs: 'executors' },
  'worker-kill': { what: 'kill -9 of the Spark worker', moments: ANY, pairs: 'both' },
  'worker-freeze': {
    what: 'the Spark worker is stopped until the master calls it dead, then thawed',
    moments: ['claimed'],
    weight: 0.2,
  },
  'master-kill': { what: 'kill -9 of the Spark master', moments: ANY, pairs: 'both' },
  'redis-kill': { what: 'kill -9 of Redis', moments: ANY, pairs: 'both' },
  'redis-flush': { what: 'Redis is emptied', moments: ANY, pairs: 'both' },
  'kafka-kill': { what: 'kill -9 of Kafka', moments: ANY, pairs: 'both' },
  'postgres-kill': { what: 'kill -9 of Postgres: ledger, HQ and metastore', moments: ANY, pairs: 'both' },
  'rest-answer-lost': { what: 'the answer to the next create is lost', moments: [] },
  'rest-request-late': {
    what: 'the next create is held back and arrives when its run is done',
    moments: [],
  },
  'driver-state-failed': { what: 'Spark says FAILED of every driver for a while', moments: ['claimed'] },
  'driver-state-finished': { what: 'Spark says FINISHED of every driver for a while', moments: ['claimed'] },
  'driver-state-unknown': { what: 'Spark knows no driver for a while', moments: ['claimed'] },
  'disk-full-staging': { what: 'no space is left for staging files', moments: ANY, needs: 'small-disk' },
  'disk-full-lake': { what: 'no space is left for the lake', moments: ANY, needs: 'small-disk' },
  's3-refuses': { what: 'S3 refuses connections for a while', moments: ANY, needs: 's3', weight: 3 },
  's3-slow': { what: 'S3 answers late for a while', moments: ANY, needs: 's3', weight: 3 },
  'retention-passed': { what: 'Kafka drops messages we have not read; mended by the runbook', moments: [] },
  'topic-recreated': { what: 'the topics are made anew; mended by the runbook', moments: [] },
  'partitions-added': { what: 'a topic gets one more partition', moments: [] },
  'clock-forward': { what: 'orchestrators see a clock two hours ahead', moments: ANY },
  'clock-back': { what: 'orchestrators see a clock two hours behind', moments: ANY },
} as const satisfies Readonly<Record<string, NamedFault>>;

const AT_CRASH_POINTS = CRASH_POINTS.map((point): [string, NamedFault] => [
  `crash:${point}`,
  {
    what: `an orchestrator kills itself at ${point}`,
    moments: [],
    weight: 0.5,
    ...(point === 'after-types-seen' || point === 'after-fan-out' ? { wants: 'location-type' } : {}),
    ...(point.startsWith('after-reprocess') ? { wants: 'reprocess' } : {}),
    // A warm driver takes the run before one would be created.
    ...(point === 'after-create' ? { needs: 'cold-drivers' } : {}),
  },
]);

const AT_DRIVER_POINTS = DRIVER_POINTS.map((point): [string, NamedFault] => [
  `driver:${point}`,
  {
    what: `the next driver ${point.startsWith('halt') ? 'dies' : 'freezes'}: ${point}`,
    moments: [],
    weight: 0.5,
  },
]);

/** Every fault that can be asked for by its name. */
export const FAULTS = Object.fromEntries([
  ...Object.entries(OUTSIDE),
  ...AT_CRASH_POINTS,
  ...AT_DRIVER_POINTS,
]) as Readonly<Record<FaultName, NamedFault>>;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export function isFaultName(word: string): word is FaultName {
  return Object.hasOwn(FAULTS, word);
}

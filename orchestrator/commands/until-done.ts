import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestionEnvironment } from '../config/environment.js';
import { asLakeError, EXIT, LakeError } from '../errors.js';
import { createKafka, readWatermarks, type Watermarks } from '../kafka/client.js';
import { openBatches } from '../ledger/batches.js';
import { isMerging } from '../ledger/lanes.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { listPauses, pauseOf } from '../ledger/pauses.js';
import { pendingLooks } from '../ledger/location-types.js';
import { ensureTopic, readTopic } from '../ledger/planning.js';
import { hasOpenParts } from '../ledger/reprocess.js';
import { haltedTables } from '../ledger/totals.js';
import type { Logger } from '../logger.js';
import type { ControlPlane } from '../main.js';
import { reached } from '../pipeline/plan-next.js';
import { cutRanges } from '../plan/cut-ranges.js';
import type { Topic } from '../types.js';

const LOOK_EVERY_MS = 300;
/** After the ledger failed; its pool waits for a connection by itself. */
const AFTER_FAILURE_MS = 2_000;

/** High watermarks per topic: what `--once` has to reach. */
export type Targets = ReadonlyMap<Topic, ReadonlyMap<number, Watermarks>>;

/** @throws LakeError SERVICE_UNREACHABLE, KAFKA_TOPIC_UNKNOWN */
export async function readTargets(
  environment: IngestionEnvironment,
  topics: readonly Topic[],
  logger: Logger,
): Promise<Targets> {
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = environment;
  const admin = createKafka(host, port, logger).admin();
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new LakeError('SERVICE_UNREACHABLE', `Kafka does not answer at ${host}:${port}`, {
        cause,
        mend: 'Check KAFKA_BOOTSTRAP_SERVER_HOST and KAFKA_BOOTSTRAP_SERVER_PORT, and that the brokers run.',
      });
    });
    const targets = new Map<Topic, ReadonlyMap<number, Watermarks>>();
    for (const topic of topics) targets.set(topic, await readWatermarks(admin, topic));
    return targets;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** How a wait ended, and when by a halt, for what reasons. */
export interface Settled {
  readonly outcome: 'done' | 'halted' | 'stopped';
  readonly reasons: readonly string[];
}

export const EXIT_OF_OUTCOME: Readonly<Record<Settled['outcome'], number>> = {
  done: EXIT.ok,
  halted: EXIT.halted,
  stopped: EXIT.failed,
};

/**
 * Waits until every offset below the targets (and what a look at location types finds, and what was asked to be read again)
 * is committed, or what is left can't go on by itself. A ledger or a Kafka that is away for a while is waited for.
 * @param look called at every turn, to show how far it is
 */
export async function untilDone(
  plane: ControlPlane,
  targets: Targets,
  stopped: AbortSignal,
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<Settled> {
  const reasons: string[] = [];
  for (const [topic, watermarks] of targets) {
    let settled: Settled | undefined;
    let looked = topic !== 'location';
    while (settled === undefined) {
      if (stopped.aborted) return { outcome: 'stopped', reasons };
      settled = await patiently(plane, stopped, async () => {
        await ensureTopic(plane.context.database, topic);
        // Kafka's watermarks tell nothing of location types: what HQ has changed there until now belongs to it too.
        if (!looked) await plane.lookAtTypes();
        looked = true;
        const now = await settledState(plane, topic, watermarks);
        await look();
        return now;
      });
      if (settled === undefined)
        await sleep(LOOK_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
    reasons.push(...settled.reasons);
  }
  return { outcome: reasons.length === 0 ? 'done' : 'halted', reasons };
}

/** @returns undefined when it failed for a cause that will pass; the reason was logged */
export async function patiently<T>(
  plane: ControlPlane,
  stopped: AbortSignal,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (thrown) {
    const error = asLakeError(thrown);
    if (!error.retryable) throw error;
    plane.context.logger.warn('waiting', { code: error.code, reason: error.message });
    await sleep(AFTER_FAILURE_MS, undefined, { signal: stopped }).catch(() => undefined);
    return undefined;
  }
}

/** @returns undefined while work goes on */
async function settledState(
  plane: ControlPlane,
  topic: Topic,
  watermarks: ReadonlyMap<number, Watermarks>,
): Promise<Settled | undefined> {
  const { database } = plane.context;
  const state = await readTopic(database, topic);
  // Before the batches: what is planned of it in between is found among them.
  const fanOut = topic === 'location' && (await pendingLooks(database)).length > 0;
  const reprocess = await hasOpenParts(database, topic);
  const open = await openBatches(database, topic);
  const staged = open.get('staged') ?? 0;
  if (state.state === 'paused' || (state.state === 'halted' && staged === 0)) {
    return { outcome: 'halted', reasons: [`topic ${topic} is ${state.state}: ${state.reason ?? ''}`] };
  }
  const halted = await haltedTables(database, topic);
  const blocked = halted.reduce((most, each) => Math.max(most, each.waitingBatches), 0);
  if (
    halted.length > 0 &&
    (open.get('planned') ?? 0) + staged === blocked &&
    !(await isMerging(database, topic))
  ) {
    const reasons = halted.map((table) => `table ${table.name} is halted: ${table.reason ?? ''}`);
    return { outcome: 'halted', reasons };
  }
  const done = reached(state.plannedUntil, watermarks) && open.size === 0 && !fanOut && !reprocess;
  const paused = done ? undefined : await pausedBy(database, topic, open, reprocess);
  if (paused !== undefined) return { outcome: 'halted', reasons: [paused] };
  // Offsets that Kafka lost look like offsets long done: then the poller is about to halt the topic.
  return done && !(await areLost(plane, topic, state.plannedUntil, watermarks))
    ? { outcome: 'done', reasons: [] }
    : undefined;
}

/** @returns what somebody has paused, when nothing else is left to be done */
async function pausedBy(
  database: LedgerDatabase,
  topic: Topic,
  open: ReadonlyMap<string, number>,
  reprocess: boolean,
): Promise<string | undefined> {
  const onlyLists = reprocess && open.size === 0;
  const whole =
    (await pauseOf(database, { queue: 'stage', topic })) ??
    (await pauseOf(database, { queue: 'merge', topic })) ??
    (onlyLists ? await pauseOf(database, { queue: 'reprocess', topic }) : undefined);
  const tables = (await listPauses(database)).filter((each) => each.scope === 'table');
  const onlyTables = tables.length > 0 && (open.get('planned') ?? 0) === 0 && open.has('staged');
  const pause = whole ?? (onlyTables ? tables[0] : undefined);
  if (pause === undefined || (await isMerging(database, topic))) return undefined;
  const what = pause.scope === 'all' ? 'everything' : `${pause.scope} ${pause.name}`;
  return `${what} is paused by ${pause.by}: ${pause.reason}`;
}

/** Whether Kafka ends before what is planned; asked again, as new messages may have moved both since the start. */
async function areLost(
  plane: ControlPlane,
  topic: Topic,
  planned: ReadonlyMap<number, bigint>,
  watermarks: ReadonlyMap<number, Watermarks>,
): Promise<boolean> {
  if (cutRanges(planned, watermarks, 1).lost.length === 0) return false;
  const { environment, logger } = plane.context;
  const now = (await readTargets(environment, [topic], logger)).get(topic) ?? watermarks;
  return cutRanges(planned, now, 1).lost.length > 0;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { readIngestionEnvironment, type IngestionEnvironment } from '../config/environment.js';
import { loadLakeConfig } from '../config/lake.js';
import { EXIT, LakeError } from '../errors.js';
import { createKafka, readWatermarks, type Watermarks } from '../kafka/client.js';
import { openBatches } from '../ledger/batches.js';
import { isMerging } from '../ledger/lanes.js';
import { ensureTopic, readTopic } from '../ledger/planning.js';
import { haltedTables, tableTotals } from '../ledger/totals.js';
import { createLogger, type Logger } from '../logger.js';
import { startControlPlane, type ControlPlane } from '../main.js';
import { reached } from '../pipeline/plan-next.js';
import { cutRanges } from '../plan/cut-ranges.js';
import { TOPICS, type Topic } from '../types.js';
import { printTables } from './tables.js';

const LOOK_EVERY_MS = 300;

export function registerIngestion(program: Command): void {
  program
    .command('ingestion <topic>')
    .description(`keep the tables of a topic current (${TOPICS.join(', ')})`)
    .option('--once', 'end when everything below the high watermarks read at the start is committed')
    .option('--json', 'print the result as JSON')
    .action(async (topic: string, options: { once?: boolean; json?: boolean }) => {
      await ingestion(topicOf(topic), options);
    });
}

/** @throws LakeError KAFKA_TOPIC_UNKNOWN */
export function topicOf(name: string): Topic {
  const topic = TOPICS.find((each) => each === name);
  if (topic === undefined) {
    throw new LakeError('KAFKA_TOPIC_UNKNOWN', `"${name}" is no topic; topics are ${TOPICS.join(', ')}`);
  }
  return topic;
}

async function ingestion(topic: Topic, options: { once?: boolean; json?: boolean }): Promise<void> {
  const environment = readIngestionEnvironment();
  const config = loadLakeConfig(environment.LAKE_CONFIG);
  const logger = createLogger();
  const targets = await readTargets(environment, [topic], logger);
  const plane = await startControlPlane(environment, config, [topic], logger);
  const stopped = stopOnSignal();
  try {
    if (options.once) {
      process.exitCode = await untilDone(plane, targets, stopped);
      const totals = (await tableTotals(plane.context.database)).filter((table) => table.topic === topic);
      printTables(totals, options.json ?? false);
    } else {
      await aborted(stopped);
    }
  } finally {
    await plane.stop();
  }
}

/** High watermarks per topic: what `--once` has to reach. */
export type Targets = ReadonlyMap<Topic, ReadonlyMap<number, Watermarks>>;

export async function readTargets(
  environment: IngestionEnvironment,
  topics: readonly Topic[],
  logger: Logger,
): Promise<Targets> {
  const kafka = createKafka(
    environment.KAFKA_BOOTSTRAP_SERVER_HOST,
    environment.KAFKA_BOOTSTRAP_SERVER_PORT,
    logger,
  );
  const admin = kafka.admin();
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new LakeError('SERVICE_UNREACHABLE', 'Kafka does not answer', { cause });
    });
    const targets = new Map<Topic, ReadonlyMap<number, Watermarks>>();
    for (const topic of topics) targets.set(topic, await readWatermarks(admin, topic));
    return targets;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/**
 * Waits until every offset below the targets is committed, or what is left can't go on by itself.
 * @returns the exit code: 0 done, 5 a topic or a table is halted
 */
export async function untilDone(
  plane: ControlPlane,
  targets: Targets,
  stopped: AbortSignal,
): Promise<number> {
  let code: number = EXIT.ok;
  for (const [topic, watermarks] of targets) {
    await ensureTopic(plane.context.database, topic);
    let settled: number | undefined;
    while (settled === undefined) {
      if (stopped.aborted) return EXIT.failed;
      settled = await settledCode(plane, topic, watermarks);
      if (settled === undefined)
        await sleep(LOOK_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
    code = Math.max(code, settled);
  }
  return code;
}

/** @returns undefined while work goes on */
async function settledCode(
  plane: ControlPlane,
  topic: Topic,
  watermarks: ReadonlyMap<number, Watermarks>,
): Promise<number | undefined> {
  const { database, logger } = plane.context;
  const state = await readTopic(database, topic);
  const open = await openBatches(database, topic);
  if (state.state === 'paused') {
    logger.error('topic paused', { topic, reason: state.reason });
    return EXIT.halted;
  }
  const staged = open.get('staged') ?? 0;
  if (state.state === 'halted' && staged === 0) {
    logger.error('topic halted', { topic, reason: state.reason });
    return EXIT.halted;
  }
  const halted = await haltedTables(database, topic);
  const blocked = halted.reduce((most, each) => Math.max(most, each.waitingBatches), 0);
  if (
    halted.length > 0 &&
    (open.get('planned') ?? 0) + staged === blocked &&
    !(await isMerging(database, topic))
  ) {
    for (const table of halted) logger.error('table halted', { table: table.name, reason: table.reason });
    return EXIT.halted;
  }
  const done = reached(state.plannedUntil, watermarks) && open.size === 0;
  // Offsets that Kafka lost look like offsets long done: then the poller is about to halt the topic.
  return done && !(await areLost(plane, topic, state.plannedUntil, watermarks)) ? EXIT.ok : undefined;
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

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process at once (the ledger makes that safe). */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.failed);
    process.stderr.write('Stopping after the work under way; press again to stop at once.\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}

/** Settles when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

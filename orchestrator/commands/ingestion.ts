import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { readIngestionEnvironment } from '../config/environment.js';
import { loadLakeConfig } from '../config/lake.js';
import { EXIT, LakeError } from '../errors.js';
import { createKafka, readWatermarks, type Watermarks } from '../kafka/client.js';
import { openBatches } from '../ledger/batches.js';
import { ensureTopic, readTopic } from '../ledger/planning.js';
import { haltedTables, tableTotals, type TableTotals } from '../ledger/totals.js';
import { createLogger, type Logger } from '../logger.js';
import { startControlPlane, type ControlPlane } from '../main.js';
import { reached } from '../pipeline/plan-next.js';
import { TOPICS, type Topic } from '../types.js';
import { printTable } from './print-table.js';

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
  const targets = await watermarksNow(environment, topic, logger);
  const plane = await startControlPlane(environment, config, [topic], logger);
  const stopped = stopOnSignal();
  try {
    if (options.once) process.exitCode = await untilDone(plane, topic, targets, stopped);
    else await aborted(stopped);
    if (options.once) await printTotals(plane, topic, options.json ?? false);
  } finally {
    await plane.stop();
  }
}

async function watermarksNow(
  environment: ReturnType<typeof readIngestionEnvironment>,
  topic: Topic,
  logger: Logger,
): Promise<ReadonlyMap<number, Watermarks>> {
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
    return await readWatermarks(admin, topic);
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
  topic: Topic,
  targets: ReadonlyMap<number, Watermarks>,
  stopped: AbortSignal,
): Promise<number> {
  const { database, logger } = plane.context;
  await ensureTopic(database, topic);
  for (;;) {
    if (stopped.aborted) return EXIT.failed;
    const state = await readTopic(database, topic);
    const open = await openBatches(database, topic);
    if (state.state === 'halted' && (open.get('staged') ?? 0) === 0) {
      logger.error('topic halted', { topic, reason: state.reason });
      return EXIT.halted;
    }
    const halted = await haltedTables(database, topic);
    const waiting = (open.get('planned') ?? 0) + (open.get('staged') ?? 0);
    if (
      halted.length > 0 &&
      waiting === halted.reduce((most, each) => Math.max(most, each.waitingBatches), 0)
    ) {
      for (const table of halted) logger.error('table halted', { table: table.name, reason: table.reason });
      return EXIT.halted;
    }
    if (reached(state.plannedUntil, targets) && waiting === 0) return EXIT.ok;
    await sleep(LOOK_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
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

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

async function printTotals(plane: ControlPlane, topic: Topic, json: boolean): Promise<void> {
  const totals = (await tableTotals(plane.context.database)).filter((table) => table.topic === topic);
  printTables(totals, json);
}

/** The table of tables: one line per lake table, as the ledger and the Delta log have it. */
export function printTables(totals: readonly TableTotals[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(totals, null, 2)}\n`);
    return;
  }
  printTable(
    ['table', 'rows', 'inserted', 'updated', 'deleted', 'refused', 'version', 'seconds', 'path'],
    totals.map((table) => [
      `${table.database}.${table.table}`,
      table.rows,
      table.inserted,
      table.updated,
      table.deleted,
      table.refused,
      table.deltaVersion ?? '-',
      table.seconds.toFixed(1),
      table.path,
    ]),
  );
}

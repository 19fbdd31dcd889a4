import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { requireServices } from '../../deploy/doctor/at-start.js';
import type { IngestionEnvironment } from '../config/environment.js';
import { readSettings } from '../config/settings.js';
import { EXIT } from '../errors.js';
import { sinceNow, type Since } from '../ledger/work-done.js';
import { createLogger } from '../logger.js';
import { startControlPlane, type ControlPlane } from '../main.js';
import { TOPICS, type Topic } from '../types.js';
import { withExamples } from './help.js';
import { IngestionProgress } from './ingestion-progress.js';
import { ingestionResult, printResult } from './ingestion-result.js';
import { stopOnSignal } from './stop-on-signal.js';
import { printJson } from './terminal/print.js';
import { StatusLine } from './terminal/status-line.js';
import { topicOf } from './topic.js';
import {
  EXIT_OF_OUTCOME,
  patiently,
  readTargets,
  untilDone,
  type Settled,
  type Targets,
} from './until-done.js';

/** Without `--once`, how often the high watermarks are read again for the status line. */
const WATERMARKS_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 1_000;

interface Flags {
  readonly once?: boolean;
  readonly json?: boolean;
}

export function registerIngestion(program: Command): void {
  withExamples(
    program
      .command('ingestion <topic>')
      .description(`keep the tables of a topic current (${TOPICS.join(', ')})`)
      .option(
        '--once',
        'end when everything below the high watermarks read at the start is committed, and running reprocesses of the topic are',
      )
      .option('--json', 'print the result as JSON')
      .action(async (topic: string, flags: Flags) => {
        await ingestion(topicOf(topic), flags);
      }),
    {
      'dimagi-lake ingestion form-sql --once':
        'bring in what is new, print what was done to which table, end',
      'dimagi-lake ingestion case-sql': 'go on for ever, under a service manager',
      'LOG_FORMAT=json dimagi-lake ingestion location': 'the same, its log one JSON object per line',
    },
    [
      'At its end it prints what this run did: per table rows inserted, updated, deleted and refused as older.',
      'Ends with 0 when done (without --once: when asked to stop), 1 when stopped before --once was done, 4 when a',
      'service does not answer at the start, 5 when the topic or a table is halted. A service that goes away later is',
      'waited for. Ctrl-C (or SIGTERM) ends after the work under way, a second one at once; nothing is lost.',
    ],
  );
}

async function ingestion(topic: Topic, flags: Flags): Promise<void> {
  const { environment, config } = readSettings();
  await requireServices(environment);
  const began = Date.now();
  const line = new StatusLine();
  const logger = createLogger({
    level: environment.LOG_LEVEL,
    format: environment.LOG_FORMAT,
    stream: line.log,
  });
  const targets = await readTargets(environment, [topic], logger);
  const plane = await startControlPlane(environment, config, [topic], logger);
  const stopped = stopOnSignal();
  try {
    const { database } = plane.context;
    const since = await sinceNow(database, topic);
    const progress = new IngestionProgress(line, database, [since]);
    const settled = flags.once
      ? await untilDone(plane, targets, stopped, () => progress.look(targets))
      : await untilStopped(plane, environment, targets, stopped, progress);
    line.clear();
    process.exitCode = flags.once ? EXIT_OF_OUTCOME[settled.outcome] : EXIT.ok;
    await tell(plane, since, settled, Date.now() - began, flags);
  } finally {
    line.clear();
    await plane.stop();
  }
}

/** Ingestion goes on by itself; here is only shown how far it is. */
async function untilStopped(
  plane: ControlPlane,
  environment: IngestionEnvironment,
  first: Targets,
  stopped: AbortSignal,
  progress: IngestionProgress,
): Promise<Settled> {
  let [targets, readAt] = [first, Date.now()];
  while (!stopped.aborted) {
    await patiently(plane, stopped, async () => {
      if (progress.isVisible && Date.now() - readAt > WATERMARKS_EVERY_MS) {
        targets = await readTargets(environment, [...targets.keys()], plane.context.logger);
        readAt = Date.now();
      }
      await progress.look(targets);
    });
    await sleep(LOOK_EVERY_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
  return { outcome: 'stopped', reasons: [] };
}

async function tell(
  plane: ControlPlane,
  since: Since,
  settled: Settled,
  milliseconds: number,
  { json }: Flags,
): Promise<void> {
  const result = await ingestionResult(plane.context.database, since, settled, milliseconds);
  if (json) printJson(result);
  else printResult(result);
}

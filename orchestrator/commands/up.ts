import { InvalidArgumentError, type Command } from 'commander';
import { requireAggregationServices, requireServices } from '../../deploy/doctor/at-start.js';
import { readAlertEnvironment, readApiEnvironment, readScheduleEnvironment } from '../config/environment.js';
import { hasAggregationVariables, readAggregationSettings, readSettings } from '../config/settings.js';
import { PART_NAMES, startUp, type PartName, type UpSettings } from '../control-plane/up.js';
import { didYouMean } from '../config/did-you-mean.js';
import { EXIT } from '../errors.js';
import { createLogger, type Logger } from '../logger.js';
import { withExamples } from './help.js';
import { aborted, stopOnSignal } from './stop-on-signal.js';

interface Flags {
  readonly only?: readonly PartName[];
}

/** Parts that need the variables of ingestion, and those that need the ones of aggregations. */
const OF_INGESTION: readonly PartName[] = ['poller', 'workers', 'api'];
const OF_AGGREGATIONS: readonly PartName[] = ['schedule', 'aggregation'];
/** After the first signal; what is at work then is left to the ledger, and the next process goes on with it. */
const STOP_MAY_TAKE_MS = 60_000;

export function registerUp(program: Command): void {
  withExamples(
    program
      .command('up')
      .description(
        'run everything in one process: pollers, workers, schedules, requested aggregations, alerts, API and dashboard',
      )
      .option('--only <parts>', `only these, comma separated: ${PART_NAMES.join(', ')}`, partsOf)
      .action(up),
    {
      'dimagi-lake up': 'under a service manager; more processes beside it are welcome',
      'dimagi-lake up --only workers': 'one more pair of hands',
      'dimagi-lake up --only schedule,aggregation': 'what computes months, on a machine of its own',
    },
    [
      'Schedules and requested aggregations run where DASHBOARD_DB_HOST and AGG_DATA_PATH are set; without them `up` says so',
      'and does the rest. Ctrl-C (or SIGTERM) ends after the work under way, a second one at once; nothing is lost. Ends with',
      '0 when asked to stop, 3 for a fault in the configuration, 4 when a service does not answer at the start.',
    ],
  );
}

/** Runs parts until a signal. */
export async function up({ only }: Flags): Promise<void> {
  const { settings, names } = readUpSettings(only);
  const { ingestion, aggregation, logger } = settings;
  if (ingestion !== undefined) await requireServices(ingestion);
  if (aggregation !== undefined) await requireAggregationServices(aggregation);
  const stopped = stopOnSignal();
  const running = await startUp(settings, names);
  logger.info('up', { parts: names.join(', '), owner: running.opened.clients.owner });
  await aborted(stopped);
  // What hangs must not keep the process.
  const forced = setTimeout(() => {
    logger.warn('work under way is left to the next process', {});
    process.exit(EXIT.ok);
  }, STOP_MAY_TAKE_MS);
  forced.unref();
  await running.stop();
  clearTimeout(forced);
  process.exitCode = EXIT.ok;
}

/** Reads what the parts need and no more, so that a process for schedules alone needs no Kafka. */
function readUpSettings(only: readonly PartName[] | undefined): {
  readonly settings: UpSettings;
  readonly names: readonly PartName[];
} {
  const wantsAggregations = (only ?? PART_NAMES).some((name) => OF_AGGREGATIONS.includes(name));
  const wantsIngestion = (only ?? PART_NAMES).some((name) => OF_INGESTION.includes(name));
  // Asked for by name, they are read even where nothing is set: then each missing variable is told.
  const aggregations =
    wantsAggregations && (only !== undefined || hasAggregationVariables())
      ? readAggregationSettings()
      : undefined;
  const ingestion = wantsIngestion || aggregations === undefined ? readSettings() : undefined;
  const read = ingestion ?? aggregations;
  if (read === undefined) throw new RangeError('one of the two was read');
  const { LOG_LEVEL: level, LOG_FORMAT: format } = read.environment;
  const logger = createLogger({ level, format });
  const names =
    only ?? PART_NAMES.filter((name) => aggregations !== undefined || !OF_AGGREGATIONS.includes(name));
  if (only === undefined && aggregations === undefined) sayWithoutAggregations(logger);
  return {
    settings: {
      ingestion: ingestion?.environment,
      aggregation: aggregations?.environment,
      redisUrl: readScheduleEnvironment().REDIS_URL,
      api: readApiEnvironment(),
      alerts: readAlertEnvironment(),
      config: read.config,
      logger,
    },
    names,
  };
}

function sayWithoutAggregations(logger: Logger): void {
  logger.warn('no schedules and no aggregations here: DASHBOARD_DB_HOST and AGG_DATA_PATH are not set', {});
}

function partsOf(text: string): readonly PartName[] {
  const words = text.split(',').map((word) => word.trim());
  return words.map((word) => {
    const name = PART_NAMES.find((each) => each === word);
    if (name !== undefined) return name;
    const near = didYouMean(word, PART_NAMES);
    throw new InvalidArgumentError(
      `there is no part "${word}"${near === undefined ? '' : `, did you mean ${near}`}; parts are ${PART_NAMES.join(', ')}`,
    );
  });
}

import type { Command } from 'commander';
import { requireAggregationServices } from '../../deploy/doctor/at-start.js';
import { openAggregationContext } from '../aggregation/open-context.js';
import {
  requireKnownTables,
  runDue,
  type ScheduledMonth,
  type ScheduleParts,
} from '../aggregation/schedule.js';
import { dueAt, newestDue, type MonthlyClock } from '../aggregation/schedule-clock.js';
import { addMonths } from '../aggregation/months.js';
import { clocksOf, keepSchedules, scheduleParts } from '../control-plane/aggregations.js';
import { readScheduleEnvironment } from '../config/environment.js';
import { readAggregationSettings } from '../config/settings.js';
import { EXIT, LakeError } from '../errors.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import { ledgerLakeUuid } from '../ledger/lake.js';
import { pauseOf } from '../ledger/pauses.js';
import { createLogger } from '../logger.js';
import { withExamples } from './help.js';
import { stopOnSignal } from './stop-on-signal.js';
import { counted, printJson, printLine } from './terminal/print.js';

interface Flags {
  readonly once?: boolean;
  readonly json?: boolean;
}

export function registerSchedule(program: Command): void {
  withExamples(
    program
      .command('schedule')
      .description(
        "compute each domain's months when lake.yaml says they are due, and catch up what was missed",
      )
      .option('--once', 'compute what is due now, then end')
      .option('--json', 'print the result as JSON')
      .action(schedule),
    {
      'dimagi-lake schedule': 'go on for ever, under a service manager; several processes are welcome',
      'dimagi-lake schedule --once':
        'for a cron of your own: what is due, months missed by an outage in their order',
    },
    [
      'The schedule stands in lake.yaml: domains > D > aggregations > schedule {day, hour, time_zone, tables}. At that day and hour',
      'of a month the one before is computed, and whatever is stale and not closed. A month that fails for a cause that may pass is',
      'tried again, after a minute at first, then ever more seldom (--once tries at once); `dimagi-lake months` shows what failed.',
      'Ends with 0 when done, 1 when a month failed or it was stopped before it was done.',
    ],
  );
}

async function schedule(flags: Flags): Promise<void> {
  const { environment, config } = readAggregationSettings();
  const redisUrl = flags.once ? undefined : readScheduleEnvironment().REDIS_URL;
  await requireAggregationServices(environment);
  const logger = createLogger({ level: environment.LOG_LEVEL, format: environment.LOG_FORMAT });
  const context = await openAggregationContext(environment, config, logger);
  try {
    const parts = scheduleParts(context);
    requireKnownTables(config, parts.models);
    const clocks = clocksOf(config);
    if (clocks.size === 0)
      throw new LakeError('USAGE', 'No domain of lake.yaml has a schedule', {
        mend: 'Add domains > D > aggregations > schedule: {day: 2, hour: 3}, then `dimagi-lake config apply`.',
      });
    const done: ScheduledMonth[] = [];
    const stop = stopOnSignal();
    if (redisUrl === undefined) {
      await requireSchedulesRunning(parts);
      for (const domain of clocks.keys()) {
        const months = await runDue(parts, domain, stop, false);
        if (months === undefined) logger.warn('another process computes what is due', { domain });
        done.push(...(months ?? []));
      }
      const failed = done.some((each) => each.failure !== null || each.stopped);
      process.exitCode = failed || stop.aborted ? EXIT.failed : EXIT.ok;
    } else {
      const lakeUuid = (await ledgerLakeUuid(context.database)) ?? '';
      const queue = { redisUrl, lakeUuid, lockSeconds: environment.LEASE_SECONDS };
      await keepSchedules(parts, queue, stop, (months) => done.push(...months));
    }
    await tell(parts, clocks, done, flags);
  } finally {
    await context.close();
  }
}

/** @throws LakeError PAUSED */
async function requireSchedulesRunning({ database }: ScheduleParts): Promise<void> {
  const held = await pauseOf(database, { queue: 'schedule' });
  if (held !== undefined) throw new LakeError('PAUSED', `Schedules are paused by ${held.by}: ${held.reason}`);
}

async function tell(
  { database }: ScheduleParts,
  clocks: ReadonlyMap<string, MonthlyClock>,
  done: readonly ScheduledMonth[],
  { json }: Flags,
): Promise<void> {
  const now = await ledgerNow(database);
  const next = [...clocks].map(([domain, clock]) => {
    const month = addMonths(newestDue(now, clock), 1);
    return { domain, month, dueAt: dueAt(month, clock).toISOString() };
  });
  if (json) {
    const months = done.map(({ domain, month, computed, failure, stopped }) => ({
      ...{ domain, month, computed, stopped },
      failure: failure?.reason ?? null,
    }));
    printJson({ months, next });
    return;
  }
  for (const { domain, month, computed, failure, stopped } of done) {
    const how = failure === null ? (stopped ? 'stopped on the way' : 'done') : `failed: ${failure.reason}`;
    printLine(`${domain} ${month.slice(0, 7)}: ${counted(computed, 'computation')}, ${how}`);
  }
  if (done.length === 0) printLine('Nothing was due.');
  for (const { domain, month, dueAt: at } of next)
    printLine(`${domain}: ${month.slice(0, 7)} is computed on ${at.slice(0, 16).replace('T', ' ')} UTC`);
}

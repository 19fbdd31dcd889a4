import { domainOf, type LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { activeConfigVersion } from '../ledger/lake.js';
import { requireLease, withLeases, type Lease } from '../ledger/leases.js';
import {
  scheduleRunBegun,
  scheduleRunEnded,
  scheduleRuns,
  type ScheduleOutcome,
} from '../ledger/schedule-runs.js';
import type { Logger } from '../logger.js';
import type { Model } from './model.js';
import type { MonthStates } from './month-states.js';
import { addMonths, type Month } from './months.js';
import { noteFailure } from './note-failure.js';
import { allTargets, planMonths, type Target } from './plan-months.js';
import { findModel } from './read-request.js';
import { readMonthStates } from './read-states.js';
import { runGraph, type NodeResult, type RunOne } from './run-graph.js';
import { monthsDue, type MonthlyClock } from './schedule-clock.js';

/**
 * The monthly schedule: on a day and hour of each month the one before is computed, with whatever is stale and not closed.
 * What is due is told by the ledger (schedule_run) and its clock; timers and queues only say when to look. A month is due
 * until it is done, so an outage is caught up with, month by month, in order; a lease per domain lets one process do it.
 */
export interface ScheduleParts {
  readonly database: LedgerDatabase;
  readonly owner: string;
  readonly logger: Logger;
  readonly models: readonly Model[];
  /** The configuration that was active when this process started. */
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
  configOf(versionId: bigint): Promise<LakeConfig>;
  readonly parallelism: number;
  readonly runOne: RunOne;
}

/** What was done of a month. */
export interface ScheduledMonth extends ScheduleOutcome {
  readonly domain: string;
  readonly month: Month;
  readonly results: readonly NodeResult[];
  /** It was to end before it was done; the next one goes on. */
  readonly stopped: boolean;
}

/** When a domain's months are due; undefined without a schedule. */
export function clockOf(config: LakeConfig, domain: string): MonthlyClock | undefined {
  const own = domainOf(config, domain);
  const schedule = own?.aggregations.schedule;
  if (own === undefined || schedule === undefined) return undefined;
  const { day, hour, time_zone: zone } = schedule;
  return { day, hour, timeZone: zone ?? own.time_zone, monthsZone: own.time_zone };
}

/**
 * Schedules name aggregations by table or name; a wrong one is found when a process starts, not a month later.
 * @throws LakeError CONFIG_INVALID
 */
export function requireKnownTables(config: LakeConfig, models: readonly Model[]): void {
  const faults: string[] = [];
  for (const [domain, { aggregations }] of Object.entries(config.domains))
    for (const name of aggregations.schedule?.tables ?? []) {
      try {
        findModel(name, models);
      } catch (thrown) {
        if (!(thrown instanceof LakeError)) throw thrown;
        faults.push(
          `domains > ${domain} > aggregations > schedule > tables: ${thrown.message}. ${thrown.mend}`,
        );
      }
    }
  if (faults.length > 0) throw new LakeError('CONFIG_INVALID', faults.join('\n  '), { facts: { faults } });
}

/**
 * Months that are due now, in order: from the first one that was taken up and is not settled, else behind the newest that is.
 * @param patient leave out months that failed a short while ago and are tried again later
 */
export async function dueMonths(parts: ScheduleParts, domain: string, patient = true): Promise<Month[]> {
  const clock = clockOf(parts.config, domain);
  if (clock === undefined) return [];
  const runs = await scheduleRuns(parts.database, domain);
  const open = runs.filter((run) => !run.isSettled).at(-1);
  if (patient && open?.isWaiting === true) return [];
  const done = open === undefined ? (runs[0]?.month ?? null) : addMonths(open.month, -1);
  const settled = new Set(runs.filter((run) => run.isSettled).map((run) => run.month));
  const due = monthsDue(await ledgerNow(parts.database), clock, done);
  return due.filter((month) => !settled.has(month));
}

/**
 * Computes what is due of a domain, month by month. A month that failed for a cause that may pass holds up those behind it.
 * @returns undefined when another process is at it
 * @throws LakeError CONFIG_NOT_ACTIVE when another configuration was applied since this process started
 */
export async function runDue(
  parts: ScheduleParts,
  domain: string,
  signal: AbortSignal,
  patient = true,
): Promise<ScheduledMonth[] | undefined> {
  await requireStillActive(parts);
  return withLeases(parts.database, [`schedule:${domain}`], parts.owner, async ([lease], lost) => {
    const both = AbortSignal.any([signal, lost]);
    const done: ScheduledMonth[] = [];
    if (lease === undefined) return done;
    for (const month of await dueMonths(parts, domain, patient)) {
      if (both.aborted) break;
      const result = await runMonth(parts, domain, month, lease, both);
      done.push(result);
      if (result.stopped || result.failure?.retryable === true) break;
    }
    return done;
  });
}

async function runMonth(
  parts: ScheduleParts,
  domain: string,
  month: Month,
  lease: Lease,
  signal: AbortSignal,
): Promise<ScheduledMonth> {
  const { database, logger } = parts;
  await database.transaction(async (tx) => {
    await requireLease(tx, lease);
    await scheduleRunBegun(tx, domain, month);
  });
  const states = await readMonthStates({ ...parts, domain });
  const nodes = planMonths(states, scheduledTargets(parts, states, domain, month));
  logger.info('scheduled month begun', { domain, month, computations: nodes.length });
  const results = await runGraph(nodes, {
    domain,
    models: states.models,
    parallelism: parts.parallelism,
    runOne: parts.runOne,
    signal,
    settled: (result) => told(parts, domain, result),
  });
  const computed = results.filter((result) => result.outcome === 'done').length;
  const failed = results.filter((result) => result.outcome === 'failed');
  const stopped = results.some((result) => result.outcome === 'stopped');
  const failure =
    failed.length === 0
      ? null
      : {
          reason: failed.map(({ node, reason }) => `${node.key}: ${reason ?? ''}`).join('; '),
          retryable: failed.some((result) => result.retryable),
        };
  const outcome = { computed, failure };
  // A month that was to end on the way stays as begun: whoever takes the lease next goes on with it.
  if (!stopped)
    await database.transaction(async (tx) => {
      await requireLease(tx, lease);
      await scheduleRunEnded(tx, domain, month, outcome);
    });
  logger.info('scheduled month ended', { domain, month, computed, failed: failed.length, stopped });
  return { domain, month, results, stopped, ...outcome };
}

/** The month itself, and every published month of the listed tables that is stale, may be mended and is not closed. */
function scheduledTargets(parts: ScheduleParts, states: MonthStates, domain: string, month: Month): Target[] {
  const names = domainOf(parts.config, domain)?.aggregations.schedule?.tables;
  const listed = new Set(
    names === undefined
      ? parts.models.map((model) => model.table)
      : names.map((name) => findModel(name, parts.models).table),
  );
  const stale = states.all().filter((state) => state.due && state.state === 'stale');
  return [
    ...allTargets(states, month, false),
    ...stale.map((state) => ({ table: state.table, month: state.month, force: false })),
  ].filter((target) => listed.has(target.table));
}

async function told({ database, logger }: ScheduleParts, domain: string, result: NodeResult): Promise<void> {
  const { node, outcome, code, reason } = result;
  const facts = { domain, table: node.table, month: node.month, why: node.why };
  if (outcome === 'done') logger.info('month computed', facts);
  else logger.warn(`month ${outcome}`, { ...facts, code, reason });
  await noteFailure(database, domain, result);
}

async function requireStillActive({ database, configVersionId }: ScheduleParts): Promise<void> {
  const active = await activeConfigVersion(database);
  if (active?.id === configVersionId) return;
  throw new LakeError('CONFIG_NOT_ACTIVE', 'another lake.yaml was applied since this process started', {
    mend: 'Start the process again: it then takes up the new schedule.',
  });
}

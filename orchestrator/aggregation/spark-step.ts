import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError, LakeError } from '../errors.js';
import {
  stepDone,
  stepFailed,
  stepStarted,
  type AggregationRun,
  type AggregationStep,
} from '../ledger/aggregation-runs.js';
import { liveRunsOf, voidRun } from '../ledger/runs.js';
import { encodeComponent } from '../plan/table-names.js';
import type { LaneOutcome } from '../commit/run-result.js';
import { runOnSpark } from '../pipeline/run-on-spark.js';
import type { Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import type { AggregationContext } from './context.js';

/** A cause that should pass gets so many tries within a run; the next run of the command goes on from there. */
const MOST_TRIES = 3;
const PAUSE_MS = 2_000;
/** Of tables read: a month of so much is computed in seconds, most of which compiling would take. */
const SMALL_MB = 32;

/** Folder of a run's scripts and results, relative to CHECKPOINT_BASE_DIR. */
export function runFolder(run: AggregationRun): string {
  return `aggregations/${encodeComponent(run.domain)}/${run.model}/${run.month ?? 'whole'}/${run.id}`;
}

/**
 * The application in which a table of a domain is computed; months of it that follow at once find its driver warm. Where
 * many small ones are asked for together (`shared`), they take turns in the same: starting costs more than computing.
 */
export function applicationOf(
  context: AggregationContext,
  target: { readonly domain: string; readonly model: string },
  bytes: number,
  shared: boolean,
): Application {
  const megabytes = bytes / 1_000_000;
  const size =
    megabytes > context.environment.AGGREGATION_LOCAL_MAX_MB
      ? 'large'
      : megabytes > SMALL_MB
        ? 'medium'
        : 'small';
  const what = shared && size === 'small' ? 'all' : target.model;
  return {
    // Not one for all sizes: a month that has grown is not to be computed by drivers that were started for less.
    group: `aggregation:${target.domain}:${what}:${size}`,
    name: `dimagi-lake aggregation ${what} ${target.domain}`,
    size,
  };
}

/**
 * Does a step and notes in the ledger how it went; causes that should pass are tried again.
 * @param act its `attempt` counts over all tries of the step; @returns rows to be noted, if it knows any
 */
export async function withStep(
  context: AggregationContext,
  run: AggregationRun,
  step: AggregationStep,
  signal: AbortSignal,
  act: (attempt: number) => Promise<bigint | null>,
  mostTries = MOST_TRIES,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    const attempt = await stepStarted(context.database, run.id, step);
    try {
      await stepDone(context.database, run.id, step, await act(attempt));
      return;
    } catch (thrown) {
      const error = asLakeError(thrown);
      await stepFailed(context.database, run.id, step, `${error.code}: ${error.message}`);
      if (!error.retryable || tries >= mostTries || error.code === 'LEASE_LOST') throw error;
      context.logger.warn('aggregation step failed, to be tried again', {
        ...factsOf(run),
        step,
        code: error.code,
        reason: error.message,
      });
      await sleep(PAUSE_MS * tries, undefined, { signal });
    }
  }
}

/** Scripts that run side by side in the run's application, by a name each. */
export async function runScripts(
  context: AggregationContext,
  run: AggregationRun,
  application: Application,
  name: string,
  scripts: Readonly<Record<string, Sql>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, LaneOutcome>>> {
  const runId = `${sparkRunPrefix(run.id)}${name}`;
  const named = Object.entries(scripts);
  const lanes = named.map(([lane, script], at) => ({ laneId: BigInt(at), tableName: lane, script }));
  const path = `${runFolder(run)}/${name}`;
  const ended = await runOnSpark(context, { runId, path, lanes, application }, signal);
  const outcomes = named.map(([lane], at) => [lane, ended.lanes.get(at.toString())] as const);
  for (const [, outcome] of outcomes) {
    if (outcome !== undefined) continue;
    throw new LakeError(
      'QUERY_FAILED',
      `The driver of ${runId} left no result (the run ended as ${ended.state})`,
      {
        facts: { runId, driver: ended.driver },
      },
    );
  }
  return Object.fromEntries(outcomes.filter((each): each is [string, LaneOutcome] => each[1] !== undefined));
}

/** @throws LakeError of a class that says whether another try may help */
export function requireLane(run: AggregationRun, lane: string, outcome: LaneOutcome | undefined): void {
  const failure = outcome?.failure;
  if (failure === undefined) return;
  const retryable = failure.failureClass === 'transient' || failure.failureClass === 'capacity';
  throw new LakeError(
    retryable ? 'QUERY_FAILED' : 'AGGREGATION_FAILED',
    `${run.model}, ${lane}: ${failure.reason}`,
    {
      facts: { ...factsOf(run), lane },
    },
  );
}

/** What a process that died has left with Spark of the run: taken away from its driver. */
export async function voidLeftovers(context: AggregationContext, run: AggregationRun): Promise<void> {
  for (const live of await liveRunsOf(context.database, sparkRunPrefix(run.id))) {
    if (live.state !== 'submitted' && live.state !== 'claimed') continue;
    await voidRun(context.database, live.id, live.state, 'the aggregation was taken over by another process');
    if (live.submissionId !== null) await context.spark.kill(live.submissionId);
  }
}

export function factsOf(run: AggregationRun): Record<string, string | null> {
  return { run: run.id.toString(), table: run.model, domain: run.domain, month: run.month };
}

function sparkRunPrefix(runId: bigint): string {
  return `aggregation-${runId}-`;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { changesRows } from '../commit/maintenance-commit.js';
import { domainOf } from '../config/lake.js';
import { asLakeError, LakeError } from '../errors.js';
import { crashPoint } from '../crash-point.js';
import { monthPublished } from '../ledger/aggregation-months.js';
import {
  aggregationLease,
  cancelOf,
  liveAggregationRuns,
  newestRun,
  newestWritten,
  openAggregationRun,
  outlivedRuns,
  reopenAggregationRun,
  runFailed,
  runPublished,
  runWritten,
  type AggregationRun,
  type AggregationTarget,
} from '../ledger/aggregation-runs.js';
import { requireLease, withLeases, type Lease } from '../ledger/leases.js';
import { pauseOf } from '../ledger/pauses.js';
import type { Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import { checkAndLoad } from './check-and-load.js';
import { computeMonth, writtenBy } from './compute.js';
import type { AggregationContext } from './context.js';
import type { Model } from './model.js';
import { columnsOf } from './models/columns.js';
import { renderModel, type RenderOptions } from './models/render-model.js';
import { neededMonth } from './month-facts.js';
import { outputPath } from './output-path.js';
import { pinSources, type PinnedSources } from './pin-sources.js';
import type { RunToRender } from './scripts.js';
import { unlessCancelled } from './unless-cancelled.js';
import { applicationOf, factsOf, runFolder, voidLeftovers, withStep } from './spark-step.js';

export interface RunOptions {
  /** Compute it although nothing has changed since. */
  readonly force?: boolean;
  /** One of many that were asked for together: small ones share an application. */
  readonly shared?: boolean;
  /** The request it is computed for. */
  readonly requestId?: bigint;
}

const ASK_AGAIN_MS = 500;

/**
 * Computes one table for a domain and month, from the lake to the warehouse:
 *
 *   pin       the Delta version of every table read stands in the ledger before anything is done
 *   compute   the month is replaced in the lake, in one commit
 *   audit     queries over the new rows and what they were made from, which must return none
 *   load      meanwhile, to a staging table of the warehouse
 *   publish   one short transaction swaps it in; then the ledger knows the month as published
 *
 * Each step starts from what ledger, Delta log and warehouse show, so it is safe after a crash at any point. One process
 * at a time: another waits, and then mostly finds it done; so does one whose model needs the month.
 * @returns the run that is published: an earlier one when what it read, the model and the configuration are the same now
 * @throws LakeError with the run noted as failed; what is published stays
 */
export async function runAggregation(
  context: AggregationContext,
  target: AggregationTarget,
  signal: AbortSignal,
  options: RunOptions = {},
): Promise<AggregationRun> {
  const name = aggregationLease(target);
  for (;;) {
    const done = await withLeases(context.database, [name], context.owner, ([lease], lost) => {
      if (lease === undefined) throw new LakeError('INTERNAL', 'a lease was taken and is not there');
      return runHeld(context, target, lease, AbortSignal.any([signal, lost]), options);
    }).catch(unlessPredecessorRuns);
    if (done !== undefined) return done;
    await sleep(ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Nothing is begun as long as another process is at a month that this one is made from. */
function unlessPredecessorRuns(thrown: unknown): undefined {
  if (thrown instanceof LakeError && thrown.code === 'PREDECESSOR_RUNNING') return undefined;
  throw thrown;
}

async function runHeld(
  context: AggregationContext,
  target: AggregationTarget,
  lease: Lease,
  signal: AbortSignal,
  { force = false, shared = false, requestId }: RunOptions,
): Promise<AggregationRun> {
  const model = context.models.byTable(target.model);
  const pinned = await pinSources(context, model, target);
  await requireNotPaused(context, pinned.databaseName, target);
  const newest = await takeOver(context, await newestRun(context.database, target));
  const isSame = newest !== undefined && !force && (await readsTheSame(context, model, newest, pinned));
  if (isSame && newest.state === 'published') return newest;
  const goesOn = isSame && newest.deltaVersion !== null;
  const run = goesOn ? newest : await open(context, target, model, pinned, lease, requestId);
  if (goesOn) await reopenAggregationRun(context.database, run.id, requestId);
  try {
    const application = applicationOf(context, run, pinned.bytes, shared);
    await unlessCancelled(context, run, signal, (both) =>
      goThrough(context, model, run, pinned, application, lease, both),
    );
  } catch (thrown) {
    if (asLakeError(thrown).code === 'CANCELLED') await takeOver(context, run);
    else await noteRunFailed(context, run, thrown, signal);
    throw thrown;
  }
  return (await newestRun(context.database, target)) ?? run;
}

/** @throws LakeError PAUSED */
async function requireNotPaused(
  { database }: AggregationContext,
  databaseName: string,
  target: AggregationTarget,
): Promise<void> {
  const held = await pauseOf(database, { queue: 'aggregation', table: `${databaseName}.${target.model}` });
  if (held === undefined) return;
  const what = held.scope === 'all' ? 'Everything' : `The ${held.scope} ${held.name}`;
  throw new LakeError('PAUSED', `${what} is paused by ${held.by}: ${held.reason}`);
}

/**
 * Ends a run that somebody cancelled and no process is at, as its own process would have.
 * @returns false when a process holds it
 */
export async function settleLeftRun(
  context: AggregationContext,
  target: AggregationTarget,
): Promise<boolean> {
  const done = await withLeases(context.database, [aggregationLease(target)], context.owner, async () => {
    await takeOver(context, await newestRun(context.database, target));
    return true;
  });
  return done ?? false;
}

/** A run that was cancelled, or that a dead process left: what it wrote counts, what it has with Spark does not. */
async function takeOver(
  context: AggregationContext,
  newest: AggregationRun | undefined,
): Promise<AggregationRun | undefined> {
  if (newest?.state !== 'running') return newest;
  await voidLeftovers(context, newest);
  const written = await writtenBy(context, newest, outputPath(newest.domain, newest.model));
  if (written !== undefined) await runWritten(context.database, newest.id, written.version, written.rows);
  const cancelled = await cancelOf(context.database, newest.id);
  if (cancelled === undefined)
    await runFailed(context.database, newest.id, 'transient', 'its process ended in the middle');
  else await runFailed(context.database, newest.id, 'config', `CANCELLED: ${cancelled}`);
  return { ...newest, state: 'failed', deltaVersion: written?.version ?? null, rows: written?.rows ?? null };
}

/** Whether a run would read now what it read then. */
async function readsTheSame(
  context: AggregationContext,
  model: Model,
  run: AggregationRun,
  pinned: PinnedSources,
): Promise<boolean> {
  if (run.modelSha256 !== model.sha256 || run.configVersionId !== context.configVersionId) return false;
  for (const { table } of model.sources) {
    const [then, now] = [run.sources.get(table), pinned.versions.get(table)];
    if (then === now) continue;
    const path = pinned.paths.get(table);
    if (then == null || now == null || path === undefined) return false;
    // OPTIMIZE and VACUUM make versions too, and change no row.
    if (then > now || (await changesRows(context.lake, path, then, now))) return false;
  }
  for (const need of model.needs) {
    const [table, month] = [need.table, neededMonth(need, run.month)];
    // Other months of the table may have been written since; and its own one is, by itself.
    const needed = await newestWritten(context.database, { domain: run.domain, model: table, month });
    if (needed?.deltaVersion == null) continue;
    if (needed.deltaVersion > (run.sources.get(table) ?? -1n)) return false;
  }
  return true;
}

async function open(
  context: AggregationContext,
  target: AggregationTarget,
  model: Model,
  pinned: PinnedSources,
  lease: Lease,
  requestId?: bigint,
): Promise<AggregationRun> {
  const run = await context.database.transaction(async (tx) => {
    await requireLease(tx, lease);
    const opened = {
      ...target,
      configVersionId: context.configVersionId,
      modelSha256: model.sha256,
      sources: pinned.versions,
    };
    return openAggregationRun(tx, opened, requestId);
  });
  // Audits of a run that is taken over later must read what it read, in the shape the tables had then.
  await context.checkpoint.write(viewsPath(run), JSON.stringify(pinned.views));
  crashPoint('aggregation-opened');
  return run;
}

/** What the domain's configuration says to a model's SQL. */
export function renderOptions(
  context: AggregationContext,
  { domain, month }: Pick<AggregationTarget, 'domain' | 'month'>,
): RenderOptions {
  const settings = domainOf(context.config, domain);
  return {
    domain,
    month,
    timeZone: settings?.time_zone ?? 'UTC',
    levels: settings?.location_levels ?? [],
  };
}

async function goThrough(
  context: AggregationContext,
  model: Model,
  run: AggregationRun,
  pinned: PinnedSources,
  application: Application,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const options = renderOptions(context, run);
  const render: RunToRender = {
    id: run.id,
    domain: run.domain,
    month: run.month,
    table: model.table,
    databaseName: pinned.databaseName,
    url: `${context.aggregates.url}/${outputPath(run.domain, model.table)}`,
    appId: context.appId,
    columns: columnsOf(model, options.levels),
    partitionBy: model.partitionBy,
    views: await readViews(context, run),
  };
  const select = renderModel(model, options);
  const written = await computeMonth(context, run, model, render, select, application, signal);
  crashPoint('aggregation-computed');
  const staging = await checkAndLoad(context, run, model, render, written, options, application, signal);
  crashPoint('aggregation-loaded');
  await withStep(context, run, 'publish', signal, async () => {
    const rows = await context.warehouse.swap(staging, { sources: run.sources, signal });
    crashPoint('aggregation-swapped');
    await context.database.transaction(async (tx) => {
      await requireLease(tx, lease);
      await runPublished(tx, run.id);
      await monthPublished(tx, {
        domain: run.domain,
        table: run.model,
        month: run.month,
        runId: run.id,
        sources: new Map([...run.sources].filter((each): each is [string, bigint] => each[1] !== null)),
        deltaVersion: written.version,
        rows: written.rows,
        modelSha256: run.modelSha256,
        configVersionId: run.configVersionId,
      });
    });
    return rows;
  });
  await sweep(context, run);
  context.logger.info('aggregation published', { ...factsOf(run), rows: written.rows.toString() });
}

/** Scripts and results are kept of so many runs of a month. */
const KEPT_RUNS = 10;

/** What killed loads have left in the warehouse, and scripts of old runs; a fault of it is no fault of this run. */
async function sweep(context: AggregationContext, run: AggregationRun): Promise<void> {
  try {
    const live = await liveAggregationRuns(context.database);
    await context.warehouse.sweepLitter((token) => live.has(token));
    for (const old of await outlivedRuns(context.database, run, KEPT_RUNS))
      await context.checkpoint.deleteFolder(runFolder(old));
  } catch (thrown) {
    const { code, message } = asLakeError(thrown);
    context.logger.warn('old runs not swept', { ...factsOf(run), code, reason: message });
  }
}

async function readViews(context: AggregationContext, run: AggregationRun): Promise<readonly Sql[]> {
  const bytes = await context.checkpoint.read(viewsPath(run));
  if (bytes === undefined)
    throw new LakeError('STORAGE_FAILED', `The views of aggregation run ${run.id} are not there`, {
      facts: factsOf(run),
    });
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Sql[];
}

function viewsPath(run: AggregationRun): string {
  return `${runFolder(run)}/views.json`;
}

/** A run that its process can't go on with for now is not noted as failed: the next one takes it over. */
async function noteRunFailed(
  context: AggregationContext,
  run: AggregationRun,
  thrown: unknown,
  signal: AbortSignal,
): Promise<void> {
  const error = asLakeError(thrown);
  if (signal.aborted || error.code === 'LEASE_LOST') return;
  await runFailed(context.database, run.id, error.failureClass, `${error.code}: ${error.message}`);
}

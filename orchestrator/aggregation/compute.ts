import { findCommit, readTableState } from '../commit/delta-log.js';
import { LakeError } from '../errors.js';
import { runWritten, type AggregationRun } from '../ledger/aggregation-runs.js';
import type { Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import type { AggregationContext } from './context.js';
import type { Model } from './model.js';
import { outputPath } from './output-path.js';
import { txnAppId, writeScript, type RunToRender } from './scripts.js';
import { factsOf, requireLane, runScripts, withStep } from './spark-step.js';

/** What a run wrote, as the Delta log shows it. */
export interface Written {
  readonly version: bigint;
  readonly rows: bigint;
}

/**
 * Writes the month into the lake: read lake → compute → replace. Whether it is done the Delta log tells, so that it may be
 * called again after a crash at any point.
 */
export async function computeMonth(
  context: AggregationContext,
  run: AggregationRun,
  model: Model,
  render: RunToRender,
  select: Sql,
  application: Application,
  signal: AbortSignal,
): Promise<Written> {
  const path = outputPath(run.domain, model.table);
  const committed = (): Promise<Written | undefined> => writtenBy(context, run, path);
  const before = await committed();
  if (before !== undefined) return before;
  let written: Written | undefined;
  await withStep(context, run, 'compute', signal, async (attempt) => {
    const state = await readTableState(context.aggregates, path, context.appId);
    const script = writeScript(
      render,
      select,
      state?.fields.map((field) => field.name),
    );
    const name = `compute-${attempt}`;
    const { write } = await runScripts(context, run, application, name, { write: script }, signal);
    written = await committed();
    if (written === undefined) {
      requireLane(run, 'compute', write);
      throw new LakeError('STATEMENT_SKIPPED', `${model.table}: the lake does not hold run ${run.id}`, {
        facts: factsOf(run),
        mend: 'A later run of this month stands in the lake: run the aggregation again.',
      });
    }
    await runWritten(context.database, run.id, written.version, written.rows);
    return written.rows;
  });
  if (written === undefined) throw new LakeError('INTERNAL', 'a step ended without its result');
  return written;
}

/** What the Delta log holds of the run; undefined: nothing. */
export async function writtenBy(
  context: AggregationContext,
  run: AggregationRun,
  path: string,
): Promise<Written | undefined> {
  const appId = txnAppId(context.appId, run.month);
  const state = await readTableState(context.aggregates, path, appId);
  if (state === undefined || state.txnVersion < run.id) return undefined;
  const commit = await findCommit(context.aggregates, path, appId, run.id);
  if (commit === undefined) return undefined;
  return { version: commit.version, rows: BigInt(commit.metrics['numOutputRows'] ?? '0') };
}

import type { LaneOutcome } from '../commit/run-result.js';
import { LakeError } from '../errors.js';
import type { AggregationRun } from '../ledger/aggregation-runs.js';
import { renderLoad } from '../sql/load-warehouse.js';
import { literal } from '../sql/literal.js';
import { sql, type Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import { quoteIdentifier, quoteLiteral } from '../warehouse/quote.js';
import type { Staging, StagingAudit, WarehouseTable } from '../warehouse/warehouse.js';
import type { Written } from './compute.js';
import type { AggregationContext } from './context.js';
import type { Model } from './model.js';
import { namesOf } from './models/columns.js';
import { renderAudit, renderStagingAudit, type RenderOptions } from './models/render-model.js';
import { auditScript, type RunToRender } from './scripts.js';
import type { Quoting } from './models/fill-liquid.js';
import { factsOf, requireLane, runScripts, withStep } from './spark-step.js';

const POSTGRES_QUOTING: Quoting = { identifier: quoteIdentifier, literal: quoteLiteral };

/**
 * Audits the rows that were written, and brings them to a staging table of the warehouse meanwhile: two lanes of one run,
 * because the load takes the longer and nobody sees what it brings before the swap. Then the staging table's own checks.
 * @throws LakeError AUDIT_FAILED: the new numbers are not published
 */
export async function checkAndLoad(
  context: AggregationContext,
  run: AggregationRun,
  model: Model,
  render: RunToRender,
  written: Written,
  options: RenderOptions,
  application: Application,
  signal: AbortSignal,
): Promise<Staging> {
  const table = warehouseTable(model, render, options.levels);
  let staging: Staging | undefined;
  await withStep(context, run, 'load', signal, async (attempt) => {
    await context.warehouse.prepare(table, signal);
    staging = await context.warehouse.openStaging(table, run, run.id, signal);
    const load = renderLoad({
      deltaUrl: render.url,
      version: written.version,
      predicate: run.month === null ? sql`true` : sql`\`month\` = DATE${literal(run.month)}`,
      columns: render.columns,
      staging: staging.name,
      connections: context.environment.WAREHOUSE_CONNECTIONS,
    });
    const audits = auditScript(render, written.version, lakeAudits(model, options));
    const outcomes = await runScripts(
      context,
      run,
      application,
      `load-${attempt}`,
      { audits, load: sql`${load}\n;\n` },
      signal,
    );
    const judge = (): Promise<bigint> => Promise.resolve(requirePassed(run, outcomes['audits']));
    // Judging the same answers twice would not help: the whole load is tried again.
    await withStep(context, run, 'audit', signal, judge, 1);
    requireLane(run, 'load', outcomes['load']);
    const expected = { rows: written.rows, audits: (name: Sql) => stagingAudits(model, options, name) };
    await context.warehouse.finishStaging(staging, expected, signal);
    return written.rows;
  });
  if (staging === undefined) throw new LakeError('INTERNAL', 'a step ended without its result');
  return staging;
}

/** The model's table as the warehouse has to have it, with this domain's location levels. */
function warehouseTable(model: Model, render: RunToRender, levels: readonly string[]): WarehouseTable {
  return {
    table: model.table,
    description: model.description,
    grain: model.grain,
    monthly: model.monthly,
    columns: render.columns,
    keys: namesOf(model.keys, levels),
    indexes: model.indexes.map((names) => namesOf(names, levels)),
  };
}

function lakeAudits(model: Model, options: RenderOptions): { name: string; query: Sql }[] {
  return model.audits
    .filter((audit) => audit.on === 'lake')
    .map((audit) => ({ name: audit.name, query: renderAudit(model, audit, options) }));
}

function stagingAudits(model: Model, options: RenderOptions, staging: Sql): StagingAudit[] {
  return model.audits
    .filter((audit) => audit.on === 'warehouse')
    .map((audit) => ({
      name: audit.name,
      query: renderStagingAudit(model, audit, options, POSTGRES_QUOTING, staging),
    }));
}

/** @returns how many audits were passed. @throws LakeError AUDIT_FAILED naming those that found rows, with the first of each */
function requirePassed(run: AggregationRun, outcome: LaneOutcome | undefined): bigint {
  requireLane(run, 'audit', outcome);
  const answers = outcome?.rows ?? [];
  const found = answers.filter((row) => row['found'] !== '0');
  if (found.length === 0) return BigInt(answers.length);
  const told = found.map(
    (row) => `${row['audit'] ?? ''} (${row['found'] ?? '?'}, the first: ${row['example'] ?? ''})`,
  );
  throw new LakeError('AUDIT_FAILED', `${run.model}: ${told.join('; ')}`, {
    facts: { ...factsOf(run), audits: found.map((row) => row['audit']) },
  });
}

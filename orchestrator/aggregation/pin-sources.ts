import { readTableState } from '../commit/delta-log.js';
import { domainOf } from '../config/lake.js';
import { LakeError } from '../errors.js';
import { newestWritten, type AggregationTarget } from '../ledger/aggregation-runs.js';
import { allTables, type LakeTable } from '../ledger/tables.js';
import { encodeComponent } from '../plan/table-names.js';
import { presentColumns } from '../shape/target-shape.js';
import type { Sql } from '../sql/text.js';
import type { AggregationContext } from './context.js';
import type { Model, ModelSource } from './model.js';
import { columnsOf, sourceBaseColumns } from './models/columns.js';
import { neededMonth } from './month-facts.js';
import { outputView, sourceView } from './source-view.js';

/** What a run reads: every step reads these versions and no others. */
export interface PinnedSources {
  /** Table name → Delta version; null: another model's table that is not there yet. */
  readonly versions: ReadonlyMap<string, bigint | null>;
  /** Statements that make the views under which the model's SQL finds them. */
  readonly views: readonly Sql[];
  /** Where the domain's tables have their names. */
  readonly databaseName: string;
  /** Bytes of the tables read. */
  readonly bytes: number;
}

/**
 * Looks up what a model reads, as it is now.
 * @throws LakeError SOURCE_MISSING when a table of the lake is not there, PREDECESSOR_UNPUBLISHED when what stands in the
 *   lake of another model's month did not pass its audits
 */
export async function pinSources(
  context: AggregationContext,
  model: Model,
  target: AggregationTarget,
): Promise<PinnedSources> {
  const levels = domainOf(context.config, target.domain)?.location_levels ?? [];
  const versions = new Map<string, bigint | null>();
  const views: Sql[] = [];
  const tables = (await allTables(context.database)).filter((table) => table.domain === target.domain);
  const found = await Promise.all(model.sources.map((source) => pinTable(context, source, tables, levels)));
  const missing = model.sources.filter((_, at) => found[at] === undefined).map((source) => source.table);
  if (missing.length > 0) throw sourceMissing(target.domain, missing);
  let bytes = 0;
  for (const [at, source] of model.sources.entries()) {
    const pinned = found[at];
    if (pinned === undefined) continue;
    versions.set(source.table, pinned.version);
    views.push(pinned.view);
    bytes += pinned.bytes;
  }
  await requirePublished(context, model, target);
  for (const table of new Set(model.needs.map((need) => need.table))) {
    const other = context.models.byTable(table);
    const path = outputPath(target.domain, table);
    const state = await readTableState(context.aggregates, path, context.appId);
    versions.set(table, state?.version ?? null);
    bytes += state?.bytes ?? 0;
    const [url, columns] = [`${context.aggregates.url}/${path}`, columnsOf(other, levels)];
    views.push(outputView(table, url, state?.version ?? null, columns));
    // Audits see the new rows under the table's name, and what those were made from under this one.
    if (table === model.table)
      views.push(outputView(`${table}_before`, url, state?.version ?? null, columns));
  }
  return { versions, views, databaseName: tables[0]?.databaseName ?? '', bytes };
}

/** Relative to AGG_DATA_PATH. */
export function outputPath(domain: string, table: string): string {
  return `${encodeComponent(domain)}/${table}`;
}

async function pinTable(
  context: AggregationContext,
  source: ModelSource,
  tables: readonly LakeTable[],
  levels: readonly string[],
): Promise<{ version: bigint; view: Sql; bytes: number } | undefined> {
  const table = tables.find((each) => each.tableName.toLowerCase() === source.table.toLowerCase());
  if (table === undefined) return undefined;
  const state = await readTableState(context.lake, table.path, context.appId);
  if (state === undefined) return undefined;
  const url = `${context.lake.url}/${table.path}`;
  const names = state.fields.map((field) => field.name);
  const pinned = { url, version: state.version, names, free: presentColumns(table) };
  const wanted = { base: sourceBaseColumns(source, levels), free: source.free };
  return {
    version: state.version,
    view: sourceView(source.table, pinned, wanted),
    bytes: state.bytes,
  };
}

/** A month that was written but not published did not pass its audits, or is being made: nothing may be built on it. */
async function requirePublished(
  context: AggregationContext,
  model: Model,
  target: AggregationTarget,
): Promise<void> {
  for (const need of model.needs) {
    const [table, month] = [need.table, neededMonth(need, target.month)];
    const written = await newestWritten(context.database, { domain: target.domain, model: table, month });
    if (written === undefined || written.state === 'published') continue;
    const what = month === null ? table : `${table} of ${month}`;
    throw new LakeError(
      'PREDECESSOR_UNPUBLISHED',
      `${what} was written but not published (run ${written.id})`,
      {
        facts: { table, month, run: written.id.toString() },
      },
    );
  }
}

function sourceMissing(domain: string, missing: readonly string[]): LakeError {
  return new LakeError(
    'SOURCE_MISSING',
    `The lake has no table ${missing.join(', ')} of the domain "${domain}"`,
    { facts: { domain, missing } },
  );
}

import { readTableState } from '../commit/delta-log.js';
import { domainOf } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { AggregationTarget } from '../ledger/aggregation-runs.js';
import { allTables, type LakeTable } from '../ledger/tables.js';
import { presentColumns } from '../shape/target-shape.js';
import type { Sql } from '../sql/text.js';
import type { AggregationContext } from './context.js';
import type { Model, ModelSource } from './model.js';
import { columnsOf, sourceBaseColumns } from './models/columns.js';
import { outputPath } from './output-path.js';
import { requirePublished } from './require-published.js';
import { outputView, sourceView } from './source-view.js';

/** What a run reads: every step reads these versions and no others. */
export interface PinnedSources {
  /** Table name → Delta version; null: another model's table that is not there yet. */
  readonly versions: ReadonlyMap<string, bigint | null>;
  /** Where each table of the lake is, relative to HQ_DATA_PATH. */
  readonly paths: ReadonlyMap<string, string>;
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
 *   lake of another model's month did not pass its audits, PREDECESSOR_RUNNING when a process is at that month
 */
export async function pinSources(
  context: AggregationContext,
  model: Model,
  target: AggregationTarget,
): Promise<PinnedSources> {
  await requirePublished(context, model, target);
  const levels = domainOf(context.config, target.domain)?.location_levels ?? [];
  const versions = new Map<string, bigint | null>();
  const paths = new Map<string, string>();
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
    paths.set(source.table, pinned.path);
    views.push(pinned.view);
    bytes += pinned.bytes;
  }
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
  // Once more: what a process has begun since may already be what was pinned.
  await requirePublished(context, model, target);
  return { versions, paths, views, databaseName: tables[0]?.databaseName ?? '', bytes };
}

async function pinTable(
  context: AggregationContext,
  source: ModelSource,
  tables: readonly LakeTable[],
  levels: readonly string[],
): Promise<{ version: bigint; path: string; view: Sql; bytes: number } | undefined> {
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
    path: table.path,
    view: sourceView(source.table, pinned, wanted),
    bytes: state.bytes,
  };
}

function sourceMissing(domain: string, missing: readonly string[]): LakeError {
  return new LakeError(
    'SOURCE_MISSING',
    `The lake has no table ${missing.join(', ')} of the domain "${domain}"`,
    { facts: { domain, missing } },
  );
}

import { identifier } from '../sql/identifier.js';
import { literal } from '../sql/literal.js';
import { fillTemplate } from '../sql/template.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import type { ModelColumn } from './model.js';
import { columnTypeSql } from './models/columns.js';
import { outputView } from './source-view.js';

/** Everything the scripts of a run are made of. */
export interface RunToRender {
  readonly id: bigint;
  readonly domain: string;
  readonly month: string | null;
  readonly table: string;
  readonly databaseName: string;
  /** Of the output's Delta table. */
  readonly url: string;
  readonly appId: string;
  readonly columns: readonly ModelColumn[];
  readonly partitionBy: readonly string[];
  /** The views over the pinned sources. */
  readonly views: readonly Sql[];
}

/** Plain: any engine of the field reads these tables. */
const PROPERTIES = sql`'delta.enableDeletionVectors' = 'true'`;

/** Runs months of one table side by side, so each month has transaction numbers of its own. */
export function txnAppId(appId: string, month: string | null): string {
  return month === null ? appId : `${appId}/${month}`;
}

/**
 * Makes the table where it is not there, and replaces the month by what the model's SELECT gives.
 * @param model the model's SELECT, rendered
 * @param present columns of the table as it is; undefined when there is none
 */
export function writeScript(run: RunToRender, model: Sql, present: readonly string[] | undefined): Sql {
  const path = identifier(run.url);
  const metadata = JSON.stringify({ aggregation: run.id.toString() });
  const head = `-- Run ${run.id}: ${run.table}${run.month === null ? '' : ` of ${run.month}`}
SET spark.databricks.delta.commitInfo.userMetadata=${metadata}
;` as Sql;
  const write = fillTemplate('aggregate/write_month', {
    app_id: txnAppId(run.appId, run.month) as Sql,
    txn_version: sql`${run.id}`,
    path,
    where:
      run.month === null ? sql`\`domain\` = ${literal(run.domain)}` : sql`\`month\` = ${dateOf(run.month)}`,
    select: joinSql(
      run.columns.map(
        ({ name, type }) => sql`CAST(m.${identifier(name)} AS ${columnTypeSql(type)}) AS ${identifier(name)}`,
      ),
      ',\n  ',
    ),
    model,
  });
  return sql`${joinSql([head, ...run.views, ...tableStatements(run, present), write], '\n')}\n`;
}

function tableStatements(run: RunToRender, present: readonly string[] | undefined): Sql[] {
  const path = identifier(run.url);
  const table = sql`${identifier(run.databaseName)}.${identifier(run.table)}`;
  const location = literal(run.url);
  const columns = run.columns.map(({ name, type }) => sql`${identifier(name)} ${columnTypeSql(type)}`);
  const register = fillTemplate('register_table', {
    database: identifier(run.databaseName),
    table,
    location,
  });
  if (present === undefined) {
    const partitioning = joinSql(
      run.partitionBy.map((name) => identifier(name)),
      ', ',
    );
    const create = fillTemplate('create_table', {
      path,
      columns: joinSql(columns, ',\n  '),
      partitioning: sql`PARTITIONED BY (${partitioning})`,
      properties: PROPERTIES,
    });
    // The name may be that of a table elsewhere: an older place of the aggregates.
    return [create, register, fillTemplate('move_name', { table, location })];
  }
  const known = new Set(present.map((name) => name.toLowerCase()));
  const missing = columns.filter((_, at) => !known.has(run.columns[at]?.name.toLowerCase() ?? ''));
  if (missing.length === 0) return [register];
  return [register, fillTemplate('add_columns', { path, columns: joinSql(missing, ',\n  ') })];
}

/** An audit on the lake, rendered. */
export interface AuditToRun {
  readonly name: string;
  readonly query: Sql;
}

/** Each audit answers with one row: how many rows it found, and the first of them. */
export function auditScript(run: RunToRender, version: bigint, audits: readonly AuditToRun[]): Sql {
  const month = run.month === null ? undefined : dateOf(run.month);
  const output = outputView(run.table, run.url, version, run.columns, month);
  const questions = audits.map(({ name, query }) =>
    fillTemplate('aggregate/audit', {
      name: name.replaceAll(/[^\w -]/g, ' ') as Sql,
      name_literal: literal(name),
      query,
    }),
  );
  return sql`${joinSql([...run.views, output, ...questions], '\n')}\n`;
}

function dateOf(month: string): Sql {
  return sql`DATE${literal(month)}`;
}

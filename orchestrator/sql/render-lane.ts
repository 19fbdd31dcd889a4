import { LakeError } from '../errors.js';
import { isTyped } from '../shape/column-types.js';
import type { ShapedColumn } from '../shape/columns.js';
import type { StagedLayout } from '../shape/layout.js';
import { OVERFLOW } from '../shape/overflow.js';
import type { BaseColumn } from '../shape/table-columns.js';
import type { TargetShape } from '../shape/target-shape.js';
import type { RecordKind } from '../types.js';
import type { TableColumn } from './column-types.js';
import { shapedTypeSql } from './column-types.js';
import { hasColumns, lacksColumns, missingColumns, needsRewrite, type DeltaField } from './delta-schema.js';
import { identifier } from './identifier.js';
import { lift, sourceOfColumns, sourceOfLayout } from './lift.js';
import { literal } from './literal.js';
import { scalarSql } from './cast.js';
import { derivedValue } from './derived.js';
import { OVERFLOW_TYPE, overflowOf, stagedOverflow } from './overflow.js';
import { RESCUED } from './rescued.js';
import { stagedColumns, stagedSelect } from './staged-view.js';
import { fillTemplate } from './template.js';
import { joinSql, sql, type Sql } from './text.js';
import { rescuedTexts, typedValue } from './typed.js';

export interface LaneToRender {
  readonly appId: string;
  /** Transaction numbers of the lane's statements; one number goes with one text and one set of staged files. */
  readonly rewriteTxn: bigint;
  readonly mergeTxn: bigint;
  /** Goes into every commit's userMetadata. */
  readonly metadata: { readonly lane: string; readonly run: string; readonly batch: string };
  readonly batchId: bigint;
  readonly kind: RecordKind;
  readonly databaseName: string;
  readonly tableName: string;
  readonly tableUrl: string;
  /** Where the metastore was last told that the table is; null: not told yet. */
  readonly registeredUrl: string | null;
  readonly stagingUrl: string;
  /** Columns every table of the kind has. */
  readonly base: readonly BaseColumn[];
  readonly layout: StagedLayout;
  readonly target: TargetShape;
  /** None of the staged records is in the table: what is there all the same stays as it is, and counts as refused. */
  readonly allNew: boolean;
  /** Its MERGE is large enough for compiled code (worth-compiling.ts). */
  readonly isLarge: boolean;
  /** What the Delta log shows now; undefined when there is no table yet. */
  readonly actual: { readonly fields: readonly DeltaField[]; readonly txnVersion: bigint } | undefined;
}

/**
 * The script of one lane: make or register the table, raise its shape, merge. What the Delta log holds already is
 * left out, so a script may be rendered again after a crash at any point; the numbered statements keep their text.
 */
export function renderLane(lane: LaneToRender): Sql {
  const fixed: TableColumn[] = [
    ...lane.base.map((column) => ({ name: column.name, type: baseType(column) })),
    ...(hasOverflow(lane) ? [{ name: OVERFLOW, type: OVERFLOW_TYPE }] : []),
    ...(hasTypes(lane.target.after) ? [{ name: RESCUED, type: sql`MAP<STRING, STRING>` }] : []),
    ...lane.target.derived.map(({ name, type }) => ({ name, type: scalarSql(type) })),
  ];
  const statements = [
    head(lane),
    ...tableStatements(lane, fixed),
    ...shapeStatements(lane, fixed),
    ...(lane.isLarge ? [fillTemplate('compiled', {})] : []),
    mergeStatement(lane, fixed),
  ];
  return sql`${joinSql(statements, '\n')}\n`;
}

function head(lane: LaneToRender): Sql {
  const metadata = JSON.stringify(lane.metadata);
  return `-- Lane ${lane.metadata.lane} of batch ${lane.metadata.batch}: ${lane.databaseName}.${lane.tableName}
SET spark.databricks.delta.commitInfo.userMetadata=${metadata}
;` as Sql;
}

function tableStatements(lane: LaneToRender, fixed: readonly TableColumn[]): Sql[] {
  const table = sql`${identifier(lane.databaseName)}.${identifier(lane.tableName)}`;
  const location = literal(lane.tableUrl);
  const naming = [
    fillTemplate('register_table', { database: identifier(lane.databaseName), table, location }),
    ...(lane.registeredUrl === lane.tableUrl ? [] : [fillTemplate('move_name', { table, location })]),
  ];
  if (lane.actual !== undefined) return naming;
  const create = fillTemplate('create_table', {
    path: identifier(lane.tableUrl),
    columns: joinSql([...fixed.map(columnSql), ...lane.target.after.map(shapedSql)], ',\n  '),
    partitioning: partitioning(lane),
    properties: PROPERTIES,
  });
  return [create, ...naming];
}

/** At most one change of shape per table and batch: a rewrite, or new columns, or (mostly) nothing. */
function shapeStatements(lane: LaneToRender, fixed: readonly TableColumn[]): Sql[] {
  if (lane.actual === undefined) return [];
  const { before, after } = lane.target;
  // Done already: by this lane's number, or by an earlier extraction of the batch that never came to its MERGE.
  const isNumbered = lane.actual.txnVersion >= lane.rewriteTxn;
  const isShaped = hasColumns(lane.actual.fields, after) && lacksColumns(lane.actual.fields, before, after);
  // Whether derived columns hold what is wanted now, the table does not show: they are worked out once more.
  if (!isNumbered && (lane.target.isRemade || (needsRewrite(before, after) && !isShaped))) {
    const from = isShaped ? after : before;
    requireShape(lane, from, lane.actual.fields);
    return [rewriteStatement(lane, fixed, from, lane.actual.fields)];
  }
  const missing = missingColumns(fixed, after, lane.actual.fields);
  if (missing.length === 0) return [];
  return [
    fillTemplate('add_columns', { path: identifier(lane.tableUrl), columns: joinSql(missing, ',\n  ') }),
  ];
}

/** Values lifted from another shape than they have would be wrapped twice, or lost. */
function requireShape(
  lane: LaneToRender,
  from: readonly ShapedColumn[],
  actual: readonly DeltaField[],
): void {
  if (hasColumns(actual, from)) return;
  throw new LakeError(
    'INTERNAL',
    `${lane.databaseName}.${lane.tableName} has not the columns the ledger knows, so it can't be rewritten`,
    { facts: { table: lane.tableUrl, lane: lane.metadata.lane } },
  );
}

function rewriteStatement(
  lane: LaneToRender,
  fixed: readonly TableColumn[],
  from: readonly ShapedColumn[],
  actual: readonly DeltaField[],
): Sql {
  const { before, after, gone } = lane.target;
  const source = sourceOfColumns(from, sql`t`);
  const present = new Set(actual.map((field) => field.name.toLowerCase()));
  const own = fixed.slice(0, ownColumns(lane).length);
  const kept = own.map((column) =>
    present.has(column.name.toLowerCase())
      ? sql`t.${identifier(column.name)}`
      : sql`CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`,
  );
  // Columns of an earlier configuration (a location level that is listed no more) keep what they hold.
  const known = new Set([...fixed, ...before, ...after].map((column) => column.name.toLowerCase()));
  const left = actual
    .map((field) => field.name)
    .filter((name) => !known.has(name.toLowerCase()) && name !== RESCUED && !gone.includes(name));
  const path = identifier(lane.tableUrl);
  const lifted = after.map((column) => sql`${lift(column, source)} AS ${identifier(column.name)}`);
  const texts = fillTemplate('rewrite_source', {
    path,
    select: joinSql([...kept, ...lifted, ...left.map((name) => sql`t.${identifier(name)}`)], ',\n  '),
  });
  return fillTemplate('rewrite_table', {
    app_id: lane.appId as Sql,
    txn_version: sql`${lane.rewriteTxn}`,
    path,
    partitioning: partitioning(lane),
    properties: PROPERTIES,
    source: made(lane.target, texts, [...own.map((column) => column.name), ...left]),
  });
}

function mergeStatement(lane: LaneToRender, fixed: readonly TableColumn[]): Sql {
  const columns = lane.target.after;
  const source = sourceOfLayout(lane.layout.root, sql`s`, lane.target.homeless);
  const names = [...fixed, ...columns].map(({ name }) => identifier(name));
  const lifted = columns.map((column) => sql`${lift(column, source)} AS ${identifier(column.name)}`);
  const overflow = sql`${overflowOf(lane.layout, lane.target.homeless, sql`s`)} AS ${identifier(OVERFLOW)}`;
  const own = [...stagedSelect(lane.base, lane.batchId), ...(hasOverflow(lane) ? [overflow] : [])];
  const texts = fillTemplate('merge_source', { select: joinSql([...own, ...lifted], ',\n  ') });
  const updates = joinSql(
    names.map((name) => sql`t.${name} = s.${name}`),
    ',\n  ',
  );
  return fillTemplate('merge', {
    app_id: lane.appId as Sql,
    txn_version: sql`${lane.mergeTxn}`,
    staged_columns: joinSql(
      [...stagedColumns(lane.base, lane.layout.root), ...stagedOverflow(lane.layout)],
      ',\n  ',
    ),
    staging: literal(lane.stagingUrl),
    path: identifier(lane.tableUrl),
    source: made(lane.target, texts, ['__op', ...ownColumns(lane)]),
    matched: lane.allNew ? sql`` : sql`${fillTemplate('merge_matched', { updates })}\n`,
    insert_columns: joinSql(names, ',\n  '),
    insert_values: joinSql(
      names.map((name) => sql`s.${name}`),
      ',\n  ',
    ),
  });
}

/** Casts rows of texts to the declared types, once for all columns; rows without any stay as they are. */
function typed(texts: Sql, asTheyAre: readonly string[], columns: readonly ShapedColumn[]): Sql {
  if (!hasTypes(columns)) return texts;
  const row = sql`r`;
  const select = [
    ...asTheyAre.map((name) => sql`r.${identifier(name)}`),
    ...columns.map((column) => sql`${typedValue(column, row)} AS ${identifier(column.name)}`),
    sql`${rescuedTexts(columns, row)} AS ${identifier(RESCUED)}`,
  ];
  return fillTemplate('typed_source', { select: joinSql(select, ',\n  '), texts });
}

/** Works the derived columns out, once for all rows, over columns of their declared types. */
function made(target: TargetShape, texts: Sql, asTheyAre: readonly string[]): Sql {
  const { after, derived, unseen } = target;
  const source = typed(texts, asTheyAre, after);
  if (derived.length === 0) return source;
  const names = [...asTheyAre, ...after.map(({ name }) => name), ...(hasTypes(after) ? [RESCUED] : [])];
  const select = [
    ...names.map((name) => sql`r.${identifier(name)}`),
    ...derived.map((column) => sql`${derivedValue(column)} AS ${identifier(column.name)}`),
  ];
  const nulls = unseen.map(
    ({ name, type }) => sql`CAST(NULL AS ${shapedTypeSql(type)}) AS ${identifier(name)}`,
  );
  return fillTemplate('derived_source', {
    select: joinSql(select, ',\n  '),
    unseen: nulls.length === 0 ? sql`` : sql`, ${joinSql(nulls, ', ')}`,
    source,
  });
}

/**
 * A table gets `_overflow` with the first text that has no column, and keeps it. What its log shows of it does not change
 * between two renderings of a lane: only the lane itself, and those before it, make it.
 */
function hasOverflow({ target, actual }: LaneToRender): boolean {
  return target.turnedAway !== undefined || actual?.fields.some(({ name }) => name === OVERFLOW) === true;
}

/** Columns that declared types and expressions leave as they are, in the order of the fixed ones. */
function ownColumns(lane: LaneToRender): string[] {
  return [...lane.base.map(({ name }) => name), ...(hasOverflow(lane) ? [OVERFLOW] : [])];
}

function hasTypes(columns: readonly ShapedColumn[]): boolean {
  return columns.some((column) => isTyped(column.type));
}

/** Only deletion vectors: every other engine of the field reads such tables (delta-rs, Trino, DuckDB). */
const PROPERTIES = sql`'delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev'`;

function partitioning(lane: LaneToRender): Sql {
  return lane.kind === 'location' ? sql`` : sql`PARTITIONED BY (\`month\`)`;
}

function columnSql(column: TableColumn): Sql {
  return sql`${identifier(column.name)} ${column.type}`;
}

function shapedSql(column: ShapedColumn): Sql {
  return sql`${identifier(column.name)} ${shapedTypeSql(column.type)}`;
}

function baseType(column: BaseColumn): Sql {
  return column.type as string as Sql;
}

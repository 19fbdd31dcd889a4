import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { joinSql, sql, type Sql } from './text.js';

/** A column of the Delta table; of its type only matters whether it is `string`. */
export interface LoadedColumn {
  readonly name: string;
  readonly type: string;
}

/** What goes into a staging table of the warehouse. */
export interface LoadToRender {
  /** Of the Delta table. */
  readonly deltaUrl: string;
  readonly version: bigint;
  /** Rows of the load: those of the month, or of the domain. */
  readonly predicate: Sql;
  /** In the order of the staging table's (`Staging.of.columns`). */
  readonly columns: readonly LoadedColumn[];
  /** `Staging.name`. */
  readonly staging: string;
  /** Connections that write side by side. */
  readonly connections: number;
}

/**
 * The load of a month into its staging table, by the catalog `warehouse` that the runner makes (spark-jobs/runner).
 * Each connection writes in a transaction of its own, so a task that is tried again leaves nothing twice, unless its
 * commit's answer was lost: then the count of rows tells.
 */
export function renderLoad(load: LoadToRender): Sql {
  const columns = joinSql(load.columns.map(columnOf), ',\n  ');
  return sql`INSERT INTO \`warehouse\`.\`dimagi_lake_staging\`.${identifier(load.staging)}
SELECT /*+ REPARTITION(${load.connections}) */
  ${columns}
FROM delta.${identifier(load.deltaUrl)} VERSION AS OF ${load.version}
WHERE ${load.predicate}`;
}

/** Postgres refuses the character NUL in texts. */
function columnOf({ name, type }: LoadedColumn): Sql {
  const column = identifier(name);
  return type === 'string' ? sql`replace(${column}, ${literal('\u0000')}, '') AS ${column}` : column;
}

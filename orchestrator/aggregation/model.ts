import type { DeclaredType, ScalarType } from '../config/declared-type.js';

/**
 * An aggregation: `spark-jobs/models/<table>.sql`, one SELECT that makes the rows of one month, and `<table>.yml`
 * beside it, which says all that is to be known of it. A new aggregation is these two files.
 */
export interface Model {
  /** Output table: `commcarehq_<domain>.<table>` in the lake, `public.<table>` in the warehouse. Also the files' name. */
  readonly table: string;
  /** What it is called on the command line. */
  readonly name: string;
  readonly description: string;
  /** False: the table has no month and is replaced whole. */
  readonly monthly: boolean;
  /** What one row is, in words. */
  readonly grain: string;
  /**
   * Columns that are unique together, within a domain (and month); null counts as a value. Here and in `indexes` a name
   * with `{level}` stands for one column of each level (`namesOf`).
   */
  readonly keys: readonly string[];
  /** Partition columns of the Delta table. */
  readonly partitionBy: readonly string[];
  /** As written; `columnsOf` gives those of a domain, whose location levels are its own. */
  readonly columns: readonly ColumnEntry[];
  readonly sources: readonly ModelSource[];
  readonly needs: readonly ModelNeed[];
  readonly audits: readonly Audit[];
  readonly tests: readonly GivenExpect[];
  /** Column lists that dashboards ask by: an index each in the warehouse, beside the one over the keys. */
  readonly indexes: readonly (readonly string[])[];
  /** Liquid template of the SELECT. */
  readonly sql: string;
  /** Of both files' text: the identity of what is computed. */
  readonly sha256: string;
}

/** `double`, `string`, `integer`, …: in Spark and, after `warehouse/`, in Postgres. */
export type ColumnType = ScalarType | 'integer';

export interface ModelColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly description: string;
}

/** A column, or one for each location level of the domain: `{level}` in its name and description is the level's code. */
export interface ColumnEntry extends ModelColumn {
  readonly perLevel: boolean;
}

/** Which months of the output a changed row of the source may change: its own, its own and all later ones, or every one. */
export type TouchedMonths = 'same' | 'from' | 'all';

/** A lake table the model reads, by the name it has in the domain's database (`raw_…`). */
export interface ModelSource {
  readonly table: string;
  readonly touches: TouchedMonths;
  /**
   * Columns that every table of its kind has (`_id`, `month`, `opened_on`, `indices`, …) and, with `{level}`, those of
   * the location levels.
   */
  readonly base: readonly string[];
  /** Columns of the free part (`form__…`, `case_json__…`), with the type in which the model reads them. */
  readonly free: readonly FreeColumn[];
}

/** A text that is not wholly a value of the type is null to the model. A list of structs has `fields`. */
export interface FreeColumn {
  readonly name: string;
  readonly type: DeclaredType;
  /** Fields of each item, all texts (`@id`); then `type` is `list`. */
  readonly fields: readonly string[];
}

/** Another model's output that the model reads, under that table's name; of a whole table, all its months. */
export interface ModelNeed {
  readonly table: string;
  /** Which month of it must be there and fresh first. `whole`: a table without months. */
  readonly month: 'same' | 'previous' | 'whole';
}

/** A query that must return no rows; what it returns is never shown beyond its first row's counts and ids. */
export interface Audit {
  readonly name: string;
  readonly description: string;
  /** `lake`: Spark SQL over the new Delta version and what it was made from. `warehouse`: Postgres, over the staging table. */
  readonly on: 'lake' | 'warehouse';
  /**
   * Liquid template. The new rows (of the month) are the table's own name in the lake, `{{ staging }}` in Postgres. What
   * a model that needs its own earlier months has read of them is `<table>_before` in the lake.
   */
  readonly sql: string;
}

/** One rule of the model as a test: rows given, rows expected. Columns that are not named are null, or not compared. */
export interface GivenExpect {
  readonly name: string;
  /** First of month; null for a table without months. */
  readonly month: string | null;
  readonly timeZone: string;
  readonly levels: readonly string[];
  readonly given: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly expect: readonly Readonly<Record<string, unknown>>[];
}

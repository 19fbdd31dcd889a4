import type { ModelColumn } from '../aggregation/model.js';

/** What the warehouse has to know of an aggregation's table. `{ ...model, columns: columnsOf(model, levels), … }` is one. */
export interface WarehouseTable {
  /** `public.<table>`. */
  readonly table: string;
  readonly description: string;
  readonly grain: string;
  /** False: no month, one leaf per domain. */
  readonly monthly: boolean;
  /** Of this domain, its location levels' among them; `domain` and, when monthly, `month` too. */
  readonly columns: readonly ModelColumn[];
  /** Unique together within domain and month; null counts as a value. */
  readonly keys: readonly string[];
  readonly indexes: readonly (readonly string[])[];
}

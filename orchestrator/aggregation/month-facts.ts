import type { MonthFailure, PublishedMonth } from '../ledger/aggregation-months.js';
import type { SourceChange } from '../ledger/source-changes.js';
import type { Model, ModelNeed, TouchedMonths } from './model.js';
import { addMonths, type Month } from './months.js';

/** All that staleness of one domain's aggregations is worked out from; read at one moment (read-states.ts). */
export interface MonthFacts {
  readonly models: readonly Model[];
  readonly changes: readonly SourceChange[];
  readonly published: readonly PublishedMonth[];
  readonly failures: readonly MonthFailure[];
  /** How the settings a month was computed under differ from the present ones, in words; null: they do not matter. */
  settingsChanged(configVersionId: bigint): string | null;
  /** The month it is now in the domain's time zone. */
  readonly monthNow: Month;
  readonly closeAfter: number;
  /** Months before are not computed, whatever the data holds; null: the data decides. */
  readonly firstMonth: Month | null;
}

/** The month of an aggregation as one text. */
export function monthKey(table: string, month: Month | null): string {
  return month === null ? table : `${table} ${month}`;
}

/** The same for people: `table YYYY-MM`. */
export function monthLabel(table: string, month: Month | null): string {
  return monthKey(table, month?.slice(0, 7) ?? null);
}

/** Which month of the needed table a month (null: a table without months) needs; null: the whole table. */
export function neededMonth(need: ModelNeed, month: Month | null): Month | null {
  if (need.month === 'whole' || month === null) return null;
  return need.month === 'same' ? month : addMonths(month, -1);
}

/** Changes of the lake tables, to be asked which one a month of an aggregation has to fear. */
export class Changes {
  readonly #tables = new Map<string, SourceChange[]>();

  constructor(changes: readonly SourceChange[]) {
    for (const change of changes) {
      // Spark does not tell names apart by case.
      const name = change.table.toLowerCase();
      const own = this.#tables.get(name);
      if (own === undefined) this.#tables.set(name, [change]);
      else own.push(change);
    }
  }

  /** The newest change that may have changed the month; of a table without months any change may. */
  newest(table: string, touches: TouchedMonths, month: Month | null): SourceChange | undefined {
    let newest: SourceChange | undefined;
    for (const change of this.#tables.get(table.toLowerCase()) ?? [])
      if (
        doesTouch(change.month, touches, month) &&
        (newest === undefined || change.deltaVersion > newest.deltaVersion)
      )
        newest = change;
    return newest;
  }

  /** The first month of a record that the table has or had. */
  firstMonth(table: string): Month | undefined {
    return least((this.#tables.get(table.toLowerCase()) ?? []).map((change) => change.month ?? undefined));
  }
}

function doesTouch(changed: Month | null, touches: TouchedMonths, month: Month | null): boolean {
  if (changed === null || month === null || touches === 'all') return true;
  return touches === 'same' ? changed === month : changed <= month;
}

/**
 * The first month of each aggregation: that of the tables whose months are its own; where it reads none, that of the
 * aggregations it is made of, else of any table. Without an entry there is no data for it.
 */
export function firstMonths(
  models: readonly Model[],
  changes: Changes,
  floor: Month | null,
): ReadonlyMap<string, Month> {
  const byTable = new Map(models.map((model) => [model.table, model]));
  const known = new Map<string, Month | undefined>();
  const firstOf = (model: Model): Month | undefined => {
    if (known.has(model.table)) return known.get(model.table);
    known.set(model.table, undefined); // ends the way round through its own previous month
    const dated = model.sources.filter((source) => source.touches !== 'all');
    const needed = model.needs.flatMap((need) => {
      const own = byTable.get(need.table);
      return own === undefined || !own.monthly ? [] : [own];
    });
    const first =
      dated.length > 0
        ? least(dated.map((source) => changes.firstMonth(source.table)))
        : (least(needed.map(firstOf)) ??
          least(model.sources.map((source) => changes.firstMonth(source.table))));
    known.set(model.table, first);
    return first;
  };
  const firsts = new Map<string, Month>();
  for (const model of models.filter((each) => each.monthly)) {
    const first = firstOf(model);
    if (first !== undefined) firsts.set(model.table, floor !== null && floor > first ? floor : first);
  }
  return firsts;
}

function least(months: readonly (Month | undefined)[]): Month | undefined {
  let first: Month | undefined;
  for (const month of months)
    if (month !== undefined && (first === undefined || month < first)) first = month;
  return first;
}

import type { MonthFailure, PublishedMonth } from '../ledger/aggregation-months.js';
import type { Model, ModelNeed } from './model.js';
import { Changes, firstMonths, monthKey, monthLabel, neededMonth, type MonthFacts } from './month-facts.js';
import { addMonths, monthsBetween, type Month } from './months.js';

/** How a month of an aggregation stands (decision 0019). */
export interface MonthState {
  readonly table: string;
  /** Null: a table without months. */
  readonly month: Month | null;
  readonly state: 'fresh' | 'stale' | 'missing';
  /** Why it is stale, the nearest cause first. */
  readonly reasons: readonly string[];
  /** Older than `close_after` months: flagged when stale, and computed again only when somebody asks for it. */
  readonly closed: boolean;
  /** Whether computing it (and what it needs, but for closed months) would make it other than it is. */
  readonly mendable: boolean;
  /** To be computed unasked. */
  readonly due: boolean;
  readonly published: PublishedMonth | null;
  /** Why the newest attempt failed, when none came after it. */
  readonly failure: MonthFailure | null;
}

interface Reason {
  readonly text: string;
  readonly mendable: boolean;
}

/**
 * The state of every month of a domain's aggregations, worked out from what changed in which Delta version and from the
 * versions that each month was computed from. Pure: nothing is read, nothing is remembered.
 */
export class MonthStates {
  readonly models: ReadonlyMap<string, Model>;
  readonly monthNow: Month;
  readonly #facts: MonthFacts;
  readonly #changes: Changes;
  readonly #firsts: ReadonlyMap<string, Month>;
  readonly #published: ReadonlyMap<string, PublishedMonth>;
  readonly #failures: ReadonlyMap<string, MonthFailure>;
  readonly #states = new Map<string, MonthState>();
  readonly #months = new Map<string, readonly (Month | null)[]>();

  constructor(facts: MonthFacts) {
    this.#facts = facts;
    this.monthNow = facts.monthNow;
    this.models = new Map(facts.models.map((model) => [model.table, model]));
    this.#changes = new Changes(facts.changes);
    this.#firsts = firstMonths(facts.models, this.#changes, facts.firstMonth);
    this.#published = new Map(facts.published.map((each) => [monthKey(each.table, each.month), each]));
    this.#failures = new Map(facts.failures.map((each) => [monthKey(each.table, each.month), each]));
  }

  /** First month that an aggregation has data for; undefined: none, or a table without months. */
  firstMonth(table: string): Month | undefined {
    return this.#firsts.get(table);
  }

  /** Whether a month is to be there: it has data, or was published once. */
  isWanted(table: string, month: Month | null): boolean {
    if (month === null || this.#published.has(monthKey(table, month))) return true;
    const first = this.#firsts.get(table);
    return first !== undefined && month >= first;
  }

  /** Months of the model from its first with data to the last that is over, and whatever else was published. */
  monthsOf(model: Model): readonly (Month | null)[] {
    const known = this.#months.get(model.table) ?? this.#listMonths(model);
    this.#months.set(model.table, known);
    return known;
  }

  #listMonths(model: Model): (Month | null)[] {
    if (!model.monthly) return [null];
    const first = this.#firsts.get(model.table);
    const months = new Set(first === undefined ? [] : monthsBetween(first, addMonths(this.monthNow, -1)));
    for (const { table, month } of this.#facts.published)
      if (table === model.table && month !== null) months.add(month);
    return [...months].sort();
  }

  all(): MonthState[] {
    return this.#facts.models.flatMap((model) =>
      this.monthsOf(model).map((month) => this.of(model.table, month)),
    );
  }

  /** @throws RangeError when there is no such model */
  of(table: string, month: Month | null): MonthState {
    const key = monthKey(table, month);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const model = this.models.get(table);
    if (model === undefined) throw new RangeError(`no model makes ${table}`);
    // From the first month on, so that a chain of months is followed step by step and not by one deep recursion.
    if (month !== null && model.needs.some((need) => need.month === 'previous'))
      for (const earlier of this.monthsOf(model))
        if (earlier !== null && earlier < month) this.#remember(model, earlier);
    return this.#remember(model, month);
  }

  /** The months of other aggregations (or its own previous one) that a month is made from; those that are to be there. */
  needsOf(model: Model, month: Month | null): { readonly need: ModelNeed; readonly month: Month | null }[] {
    return model.needs.flatMap((need) => {
      const needed = neededMonth(need, month);
      return this.models.has(need.table) && this.isWanted(need.table, needed)
        ? [{ need, month: needed }]
        : [];
    });
  }

  #remember(model: Model, month: Month | null): MonthState {
    const key = monthKey(model.table, month);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#work(model, month, key);
    this.#states.set(key, state);
    return state;
  }

  #work(model: Model, month: Month | null, key: string): MonthState {
    const published = this.#published.get(key) ?? null;
    const closed = month !== null && month < addMonths(this.monthNow, -this.#facts.closeAfter);
    const reasons = published === null ? [] : this.#reasons(model, month, published);
    const mendable = published === null || reasons.some((reason) => reason.mendable);
    return {
      table: model.table,
      month,
      state: published === null ? 'missing' : reasons.length > 0 ? 'stale' : 'fresh',
      reasons: reasons.map((reason) => reason.text),
      closed,
      mendable,
      due: mendable && !closed,
      published,
      failure: this.#failures.get(key) ?? null,
    };
  }

  #reasons(model: Model, month: Month | null, published: PublishedMonth): Reason[] {
    const pins = new Map([...published.sources].map(([name, version]) => [name.toLowerCase(), version]));
    const pinOf = (table: string): bigint => pins.get(table.toLowerCase()) ?? -1n;
    const texts: string[] = [];
    if (published.modelSha256 !== model.sha256) texts.push('the model changed');
    if (published.unfinishedRun != null)
      texts.push(`run ${published.unfinishedRun} was begun later and is not published`);
    const settings = this.#facts.settingsChanged(published.configVersionId);
    if (settings !== null) texts.push(settings);
    for (const source of model.sources) {
      const change = this.#changes.newest(source.table, source.touches, month);
      if (change === undefined || change.deltaVersion <= pinOf(source.table)) continue;
      const rows = change.rows === 0 ? 'changed' : `${change.rows} row${change.rows === 1 ? '' : 's'}`;
      texts.push(`${source.table}: ${rows} by batch ${change.batchId}`);
    }
    const own = texts.map((text): Reason => ({ text, mendable: true }));
    const needed = this.needsOf(model, month).flatMap((each) =>
      this.#ofNeed(each.need, each.month, pinOf(each.need.table)),
    );
    return [...own, ...needed];
  }

  #ofNeed(need: ModelNeed, month: Month | null, pin: bigint): Reason[] {
    const needed = this.of(need.table, month);
    const name = monthLabel(need.table, month);
    if (needed.published === null) return [{ text: `${name} is missing`, mendable: true }];
    if (needed.published.deltaVersion > pin) return [{ text: `${name} was computed anew`, mendable: true }];
    if (needed.state === 'fresh') return [];
    const what = needed.closed ? 'is stale and closed' : 'is stale';
    return [{ text: `${name} ${what}`, mendable: needed.mendable && !needed.closed }];
  }
}

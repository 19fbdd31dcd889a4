import { monthKey } from './month-facts.js';
import type { MonthState, MonthStates } from './month-states.js';
import type { Month } from './months.js';

/** A month of an aggregation that somebody asked for. */
export interface Target {
  readonly table: string;
  /** Null: a table without months. */
  readonly month: Month | null;
  /** Compute it although it is fresh. */
  readonly force: boolean;
}

/** One computation, and the keys of those that must be done before. */
export interface MonthNode {
  readonly key: string;
  readonly table: string;
  readonly month: Month | null;
  readonly after: readonly string[];
  /** Why it is computed, in words. */
  readonly why: string;
}

/**
 * What has to be computed so that the targets are fresh, each after what it needs: prerequisites that are missing or
 * stale come first, but those that are closed and published stay as they are, because nobody asked for them. A fresh
 * target is left out unless forced.
 * @returns in an order that may be followed as it stands
 */
export function planMonths(states: MonthStates, targets: readonly Target[]): MonthNode[] {
  const plan = new Plan(states, targets);
  for (const target of targets) plan.visit(target.table, target.month);
  return plan.nodes;
}

/** `aggregation all`: every model's own month, and the tables without months; those without data then are left out. */
export function allTargets(states: MonthStates, month: Month, force: boolean): Target[] {
  return [...states.models.values()].flatMap(({ table, monthly }) => {
    const own = monthly ? month : null;
    return states.isWanted(table, own) ? [{ table, month: own, force }] : [];
  });
}

/** A month whose needs are being looked at, one after another. */
interface Visit {
  readonly key: string;
  readonly state: MonthState;
  readonly needs: readonly { readonly table: string; readonly month: Month | null }[];
  next: number;
}

class Plan {
  readonly nodes: MonthNode[] = [];
  readonly #states: MonthStates;
  readonly #asked: ReadonlyMap<string, Target>;
  /** Keys that were looked at, and whether they are computed. */
  readonly #visited = new Map<string, boolean>();

  constructor(states: MonthStates, targets: readonly Target[]) {
    this.#states = states;
    this.#asked = new Map(targets.map((target) => [monthKey(target.table, target.month), target]));
  }

  /** Depth first, needs before what needs them; a list instead of recursion, because chains of months may be long. */
  visit(table: string, month: Month | null): void {
    const way = this.#open(table, month);
    for (let visit = way.at(-1); visit !== undefined; visit = way.at(-1)) {
      const need = visit.needs[visit.next++];
      if (need === undefined) {
        this.#close(visit);
        way.pop();
      } else {
        way.push(...this.#open(need.table, need.month));
      }
    }
  }

  /** @returns nothing for a month that was looked at before, or that stays as it is whatever its needs are */
  #open(table: string, month: Month | null): Visit[] {
    const key = monthKey(table, month);
    const model = this.#states.models.get(table);
    if (model === undefined || this.#visited.has(key)) return [];
    this.#visited.set(key, false);
    const state = this.#states.of(table, month);
    if (!this.#asked.has(key) && state.closed && state.published !== null) return [];
    const needs = this.#states.needsOf(model, month).map((each) => ({ ...each, table: each.need.table }));
    return [{ key, state, needs, next: 0 }];
  }

  #close({ key, state, needs }: Visit): void {
    const after = needs
      .map((need) => monthKey(need.table, need.month))
      .filter((need) => this.#visited.get(need) === true);
    const why = whyComputed(state, after, this.#asked.get(key));
    if (why === undefined) return;
    this.#visited.set(key, true);
    this.nodes.push({ key, table: state.table, month: state.month, after: [...new Set(after)], why });
  }
}

function whyComputed(
  state: MonthState,
  after: readonly string[],
  asked: Target | undefined,
): string | undefined {
  if (state.state === 'missing') return asked === undefined ? 'missing, and needed' : 'missing';
  // Stale for a closed month's sake only: computing it once more would change nothing.
  if (state.state === 'stale' && state.mendable) return state.reasons[0] ?? 'stale';
  if (after.length > 0) return `${after[0] ?? ''} is computed anew`;
  return asked?.force === true ? 'forced' : undefined;
}

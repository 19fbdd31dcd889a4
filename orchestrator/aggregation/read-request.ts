import { didYouMean } from '../config/did-you-mean.js';
import type { LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { Model } from './model.js';
import type { MonthStates } from './month-states.js';
import { isMonth, type Month } from './months.js';

/** What was typed: `aggregation <table> <domain> <month>`; `all` means every aggregation. */
export interface TypedRequest {
  readonly table: string;
  readonly domain: string;
  readonly month: string;
}

/** What is to be computed. */
export interface AggregationRequest {
  readonly domain: string;
  readonly month: Month;
  /** The one that was named, or all of them. */
  readonly models: readonly Model[];
  readonly isAll: boolean;
}

const ALL = 'all';

/**
 * The words of a request, without a look at the ledger.
 * @throws LakeError USAGE for a month that is none, an unknown aggregation or domain
 */
export function readRequest(
  typed: TypedRequest,
  models: readonly Model[],
  config: LakeConfig,
): AggregationRequest {
  requireDomain(typed.domain, config);
  const found = typed.table === ALL ? models : [findModel(typed.table, models)];
  return { domain: typed.domain, month: readMonth(typed.month), models: found, isAll: typed.table === ALL };
}

/** @throws LakeError USAGE */
export function requireDomain(domain: string, config: LakeConfig): void {
  if (Object.hasOwn(config.domains, domain)) return;
  const domains = Object.keys(config.domains);
  throw new LakeError('USAGE', `lake.yaml has no domain "${domain}"`, {
    mend: `${guess(domain, domains)}Its domains are ${domains.join(', ')}.`,
  });
}

/**
 * The model of an output table or of the name it has on the command line; case does not count.
 * @throws LakeError USAGE
 */
export function findModel(name: string, models: readonly Model[]): Model {
  const wanted = name.toLowerCase();
  const model = models.find((each) => [each.name, each.table].some((own) => own.toLowerCase() === wanted));
  if (model !== undefined) return model;
  const names = models.map((each) => each.name);
  throw new LakeError('USAGE', `There is no aggregation "${name}"`, {
    mend: `${guess(name, [...names, ...models.map((each) => each.table), ALL])}Aggregations are ${names.join(', ')}; ${ALL} means all of them.`,
  });
}

/** `2026-01-01`, or `2026-01` for short. @throws LakeError USAGE */
function readMonth(text: string): Month {
  const month = /^\d{4}-\d{2}$/.test(text) ? `${text}-01` : text;
  if (isMonth(month)) return month;
  const first = `${text.slice(0, 7)}-01`;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && isMonth(first);
  throw new LakeError('USAGE', `"${text}" is ${isDay ? 'not the first of a month' : 'no month'}`, {
    mend: isDay ? `Did you mean ${first}?` : 'A month is written as its first day, such as 2026-01-01.',
  });
}

/**
 * Whether the request can be computed from what is in the lake.
 * @param inLake the domain's tables that anything was ever merged into
 * @throws LakeError USAGE for a month in the future or before any data, SOURCE_MISSING for a lake table that is not there
 */
export function requireComputable(
  { domain, month, models }: AggregationRequest,
  states: MonthStates,
  inLake: ReadonlySet<string>,
): void {
  if (month > states.monthNow)
    throw new LakeError('USAGE', `${month} is in the future`, {
      mend: `In the time zone of "${domain}" it is ${states.monthNow.slice(0, 7)} now.`,
    });
  requireSources(domain, models, states, inLake);
  const monthly = models.filter((model) => model.monthly);
  if (monthly.length === 0 || monthly.some((model) => states.isWanted(model.table, month))) return;
  const firsts = monthly.flatMap((model) => states.firstMonth(model.table) ?? []).sort();
  const what = monthly.length === 1 ? `${monthly[0]?.name ?? ''} of "${domain}"` : `"${domain}"`;
  throw new LakeError('USAGE', `${month} is before any data of ${what}`, {
    mend:
      firsts[0] === undefined
        ? 'No record in the lake has a month yet; `dimagi-lake tables` shows what is there.'
        : `The first month is ${firsts[0]} (with first_month in lake.yaml no earlier one is computed).`,
  });
}

/** Of the models and all they need; a table that lake.yaml does not list would make empty numbers look like right ones. */
function requireSources(
  domain: string,
  models: readonly Model[],
  states: MonthStates,
  inLake: ReadonlySet<string>,
): void {
  const known = new Set([...inLake].map((name) => name.toLowerCase()));
  const missing = new Map<string, string>();
  for (const model of withNeeds(models, states))
    for (const { table } of model.sources)
      if (!known.has(table.toLowerCase())) missing.set(table, model.name);
  if (missing.size === 0) return;
  const list = [...missing].map(([table, model]) => `${table} (read by ${model})`).join(', ');
  throw new LakeError('SOURCE_MISSING', `The lake has no ${list} of the domain "${domain}"`, {
    facts: { domain, tables: [...missing.keys()] },
  });
}

function withNeeds(models: readonly Model[], states: MonthStates): ReadonlySet<Model> {
  const all = new Set<Model>();
  const waiting = [...models];
  for (let model = waiting.pop(); model !== undefined; model = waiting.pop()) {
    if (all.has(model)) continue;
    all.add(model);
    for (const need of model.needs) {
      const needed = states.models.get(need.table);
      if (needed !== undefined) waiting.push(needed);
    }
  }
  return all;
}

function guess(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? '' : `Did you mean ${near}? `;
}

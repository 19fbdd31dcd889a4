import type { Queryable } from '../ledger/database.js';
import { allTables } from '../ledger/tables.js';
import type { AggregationRun } from '../ledger/aggregation-runs.js';
import type { AggregationContext } from './context.js';
import { monthKey } from './month-facts.js';
import type { MonthStates } from './month-states.js';
import { noteFailure } from './note-failure.js';
import { allTargets, planMonths, type MonthNode, type Target } from './plan-months.js';
import { readMonthStates } from './read-states.js';
import { requireComputable, type AggregationRequest } from './read-request.js';
import { runAggregation } from './run-aggregation.js';
import { runGraph, type NodeResult } from './run-graph.js';

export interface Asked {
  /** Compute what was asked for although it is fresh. */
  readonly force: boolean;
  /** The request in the ledger that is done by it. */
  readonly requestId?: bigint;
  readonly signal: AbortSignal;
  /** Called when the plan stands. */
  planned?(nodes: readonly MonthNode[]): void;
}

export interface AggregateResult {
  readonly results: readonly NodeResult[];
  /** Runs by the key of their node. */
  readonly runs: ReadonlyMap<string, AggregationRun>;
}

/**
 * Computes what was asked for, and before it whatever it needs that is missing or stale; side by side where it may be.
 * @throws LakeError when it can't be computed at all; nothing is written then
 */
export async function aggregate(
  context: AggregationContext,
  request: AggregationRequest,
  asked: Asked,
): Promise<AggregateResult> {
  const states = await computableStates(context, request);
  const nodes = planMonths(states, targetsOf(request, states, asked.force));
  asked.planned?.(nodes);
  const runs = new Map<string, AggregationRun>();
  const forced = new Set(asked.force ? request.models.map((model) => model.table) : []);
  const results = await runGraph(nodes, {
    domain: request.domain,
    models: states.models,
    parallelism: context.environment.AGGREGATION_PARALLELISM,
    signal: asked.signal,
    runOne: async (model, domain, month, signal) => {
      const force = forced.has(model.table) && (month === null || month === request.month);
      const run = await runAggregation(context, { domain, model: model.table, month }, signal, {
        force,
        shared: request.isAll,
        ...(asked.requestId === undefined ? {} : { requestId: asked.requestId }),
      });
      runs.set(monthKey(model.table, month), run);
    },
    settled: (result) => noteFailure(context.database, request.domain, result),
  });
  return { results, runs };
}

/** What is needed to tell whether something can be computed. */
export type MonthContext = Pick<AggregationContext, 'database' | 'models' | 'config' | 'configOf'>;

/**
 * How the months of the request's domain stand now.
 * @throws LakeError USAGE or SOURCE_MISSING when what is asked for can't be computed
 */
export async function computableStates(
  context: MonthContext,
  request: AggregationRequest,
): Promise<MonthStates> {
  const { database, config, configOf, models } = context;
  const states = await readMonthStates({
    database,
    models: models.all,
    domain: request.domain,
    config,
    configOf,
  });
  requireComputable(request, states, await tablesInLake(database, request.domain));
  return states;
}

function targetsOf(request: AggregationRequest, states: MonthStates, force: boolean): Target[] {
  if (request.isAll) return allTargets(states, request.month, force);
  return request.models.map(({ table, monthly }) => ({
    table,
    month: monthly ? request.month : null,
    force,
  }));
}

/** Tables that anything was ever merged into. */
async function tablesInLake(database: Queryable, domain: string): Promise<ReadonlySet<string>> {
  const tables = (await allTables(database)).filter((table) => table.domain === domain);
  return new Set(tables.filter((table) => table.registeredUrl !== null).map((table) => table.tableName));
}

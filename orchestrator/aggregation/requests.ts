import { setTimeout as sleep } from 'node:timers/promises';
import { asLakeError, LakeError } from '../errors.js';
import {
  insertRequest,
  readRequestRow,
  requestBegun,
  requestEnded,
  requestLease,
  requestLeft,
  type AskedAggregation,
  type RequestFailure,
  type RequestRow,
} from '../ledger/aggregation-requests.js';
import { activeConfigVersion } from '../ledger/lake.js';
import { withLeases } from '../ledger/leases.js';
import { aggregate, computableStates, type MonthContext } from './aggregate.js';
import type { AggregationContext } from './context.js';
import { readRequest } from './read-request.js';
import type { NodeResult } from './run-graph.js';

export interface Ask extends AskedAggregation {
  readonly by: string;
  readonly reason: string | null;
  /** The same key again is the same request. */
  readonly idempotencyKey: string | null;
}

/**
 * Asks for a month of an aggregation (`all`: of every one), to be computed by whichever process works on requests.
 * What can't be computed is refused now and not in a log an hour later.
 * @throws LakeError USAGE, SOURCE_MISSING, KEY_REUSED
 */
export async function requestAggregation(
  context: MonthContext,
  ask: Ask,
): Promise<{ id: bigint; repeated: boolean }> {
  const request = readRequest(ask, context.models.all, context.config);
  await computableStates(context, request);
  const table = request.isAll ? 'all' : (request.models[0]?.table ?? ask.table);
  return insertRequest(context.database, { ...ask, table, month: request.month }, ask);
}

/** A cause that should pass gets so many attempts, after half a minute, a minute … */
const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_SECONDS = 30;
const LOOK_EVERY_MS = 1_000;

/**
 * Works on one request. One process at a time, by a lease; when it dies, the next one goes on.
 * @param signal the process is to end: the request is left to others
 * @returns false when another process is at it, or this one has another configuration than the active one
 */
export async function runRequest(
  context: AggregationContext,
  id: bigint,
  signal: AbortSignal,
): Promise<boolean> {
  const { database, owner } = context;
  if ((await activeConfigVersion(database))?.id !== context.configVersionId) {
    context.logger.warn('another lake.yaml was applied: start this process again, it takes no requests', {});
    return false;
  }
  const done = await withLeases(database, [requestLease(id)], owner, async (_leases, lost) => {
    const row = await database.transaction((tx) => requestBegun(tx, id));
    if (row !== undefined) await work(context, row, signal, lost);
    return true;
  });
  return done ?? false;
}

async function work(
  context: AggregationContext,
  row: RequestRow,
  stopping: AbortSignal,
  lost: AbortSignal,
): Promise<void> {
  const { database, logger } = context;
  const facts = { request: row.id.toString(), table: row.table, domain: row.domain, month: row.month };
  const over = new AbortController();
  const watching = watchState(context, row.id, over);
  logger.info('request begun', facts);
  try {
    const failure = await compute(context, row, AbortSignal.any([stopping, lost, over.signal]));
    if (lost.aborted) return;
    if (failure === 'stopped') await requestLeft(database, row.id);
    else await database.transaction((tx) => requestEnded(tx, row.id, failure));
    logger.info('request ended', { ...facts, ...(failure === 'stopped' ? { failure } : failure) });
  } finally {
    over.abort();
    await watching;
  }
}

async function compute(
  context: AggregationContext,
  row: RequestRow,
  signal: AbortSignal,
): Promise<RequestFailure | 'stopped' | null> {
  try {
    const request = readRequest(row, context.models.all, context.config);
    const asked = { force: row.force, requestId: row.id, signal };
    const { results } = await aggregate(context, request, asked);
    return outcomeOf(results, row.attempts);
  } catch (thrown) {
    if (signal.aborted) return 'stopped';
    const { code, message: reason, retryable } = asLakeError(thrown);
    return { code, reason, againInSeconds: retryable ? againIn(row.attempts) : null };
  }
}

function outcomeOf(results: readonly NodeResult[], attempts: number): RequestFailure | 'stopped' | null {
  const failed = results.filter((result) => result.outcome === 'failed');
  const [first] = failed;
  if (first === undefined) return results.some((result) => result.outcome === 'stopped') ? 'stopped' : null;
  const reason = failed.map(({ node, reason: why }) => `${node.key}: ${why ?? ''}`).join('; ');
  // One that no retry mends fails the whole; the others would only be told of later.
  const retryable = failed.every((result) => result.retryable);
  const final = failed.find((result) => !result.retryable) ?? first;
  return {
    code: final.code ?? 'INTERNAL',
    reason,
    againInSeconds: retryable ? againIn(attempts) : null,
  };
}

function againIn(attempts: number): number | null {
  return attempts >= MOST_ATTEMPTS ? null : FIRST_PAUSE_SECONDS * 2 ** (attempts - 1);
}

/** Aborts when the request is cancelled; the ledger says so, whoever did it. */
async function watchState(
  { database, logger }: AggregationContext,
  id: bigint,
  over: AbortController,
): Promise<void> {
  while (!over.signal.aborted) {
    try {
      const row = await readRequestRow(database, id);
      if (row?.state === 'cancelled') {
        over.abort(new LakeError('CANCELLED', row.failure ?? 'cancelled'));
        return;
      }
    } catch (thrown) {
      logger.debug('request not looked at, to be tried again', { reason: asLakeError(thrown).message });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
  }
}

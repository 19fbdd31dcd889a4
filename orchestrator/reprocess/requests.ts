import { LakeError } from '../errors.js';
import { ledgerNow } from '../ledger/aggregation-months.js';
import {
  endRequest,
  insertRequest,
  readRequest,
  restartRequest,
  runningMigration,
  tablesOf,
  type RequestKind,
  type RequestScope,
} from '../ledger/reprocess.js';
import { rangesOf, requireThere } from './list-messages.js';
import { partsOf } from './parts.js';
import { plainScope, requireScope, targetsOf } from './scope.js';
import type { RequestParts } from './reprocess-parts.js';

/** What somebody asks to have read from HQ again. */
export interface ReprocessAsk {
  /** `migration`: everything that lake.yaml keeps of the domain. */
  readonly kind: RequestKind;
  readonly scope: RequestScope;
  readonly reaggregate: boolean;
  readonly reason: string | null;
  /** Who asks. */
  readonly by: string;
  /** Asked twice under one key is asked once. */
  readonly idempotencyKey: string | null;
}

/**
 * Notes a request (a migration that runs already is not begun twice); whoever polls the topics lists its records and plans its pages from then on.
 * @throws LakeError SCOPE_INVALID with every fault, KEY_REUSED when the key stands for another request,
 * OFFSETS_GONE
 */
export async function startReprocess(
  { database, config, messages }: RequestParts,
  { kind, scope, reaggregate, reason, by, idempotencyKey }: ReprocessAsk,
): Promise<{ id: bigint; repeated: boolean }> {
  const tables = await tablesOf(database, scope.domain);
  requireScope(scope, { config, tables, now: await ledgerNow(database) });
  const plain = plainScope(scope, tables);
  const parts = partsOf(plain, targetsOf(plain, config, tables));
  if (parts.length === 0)
    throw new LakeError(
      'SCOPE_INVALID',
      `lake.yaml keeps nothing of the domain "${scope.domain}" that this means`,
    );
  if (messages !== undefined && plain.topic !== undefined && plain.offsets !== undefined)
    requireThere(plain.topic, rangesOf(plain.offsets), await messages.watermarks(plain.topic));
  return database.transaction(async (tx) => {
    const same = kind === 'migration' ? await runningMigration(tx, scope.domain) : undefined;
    if (same !== undefined && idempotencyKey === null) return { id: same, repeated: true };
    return insertRequest(tx, { kind, scope: plain, reaggregate, reason, by, idempotencyKey, parts });
  });
}

/**
 * Plans no further page of the request. Pages that are planned go on: each is a batch in its topic's sequence that later
 * ones wait for, and reading records once more than needed harms nothing, while a hole in the sequence would.
 * @throws LakeError REQUEST_ENDED when it is not running
 */
export async function cancelReprocess(
  { database }: Pick<RequestParts, 'database'>,
  id: bigint,
  by: string,
  reason: string | null,
): Promise<void> {
  const why = `cancelled by ${by}${reason === null ? '' : `: ${reason}`}`;
  if (!(await endRequest(database, id, 'cancelled', null, why))) throw await notSo(database, id, 'running');
}

/** Lets a failed or cancelled request go on where it was. @throws LakeError REQUEST_ENDED */
export async function retryReprocess(
  { database }: Pick<RequestParts, 'database'>,
  id: bigint,
): Promise<void> {
  const isRunning = await database.transaction((tx) => restartRequest(tx, id));
  if (!isRunning) throw await notSo(database, id, 'failed or cancelled');
}

async function notSo(database: RequestParts['database'], id: bigint, wanted: string): Promise<LakeError> {
  const request = await readRequest(database, id);
  const state = request === undefined ? 'is not known' : `is ${request.state}, not ${wanted}`;
  return new LakeError('REQUEST_ENDED', `Request ${id} ${state}`, { facts: { requestId: id.toString() } });
}

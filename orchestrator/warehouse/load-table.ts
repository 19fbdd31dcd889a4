import { LakeError } from '../errors.js';
import { sql } from '../sql/text.js';
import type { WarehouseSession } from './database.js';
import type { LoadTarget } from './names.js';

/** What the load table says of a month. */
export interface LoadedMonth {
  readonly token: bigint;
  readonly rows: bigint;
}

const OF_TARGET = sql`table_name = $1 AND domain = $2 AND month IS NOT DISTINCT FROM $3::date`;

/** @returns undefined when the month was never loaded */
export async function readLoaded(
  session: WarehouseSession,
  target: LoadTarget,
): Promise<LoadedMonth | undefined> {
  const [row] = await session.query<{ token: bigint; rows: bigint }>(
    sql`SELECT token, rows FROM dimagi_lake.load WHERE ${OF_TARGET}`,
    valuesOf(target),
  );
  return row;
}

/** @throws LakeError LOAD_FENCED when the month holds rows of a later run */
export async function requireNewest(
  session: WarehouseSession,
  target: LoadTarget,
  token: bigint,
): Promise<void> {
  const loaded = await readLoaded(session, target);
  if (loaded !== undefined && loaded.token > token) throw fenced(target, token, loaded.token);
}

/**
 * Locks the month for the rest of the transaction, and tells what stands there.
 * @returns undefined when it was never loaded
 * @throws LakeError LOAD_FENCED when the month holds rows of a later run
 */
export async function lockLoad(
  tx: WarehouseSession,
  target: LoadTarget,
  token: bigint,
): Promise<LoadedMonth | undefined> {
  // So that there is a row to lock; 0 is below every run.
  await tx.query(
    sql`INSERT INTO dimagi_lake.load (table_name, domain, month, token, sources, rows, loaded_at)
     VALUES ($1, $2, $3::date, 0, '{}', 0, now()) ON CONFLICT DO NOTHING`,
    valuesOf(target),
  );
  const [row] = await tx.query<{ token: bigint; rows: bigint }>(
    sql`SELECT token, rows FROM dimagi_lake.load WHERE ${OF_TARGET} FOR UPDATE`,
    valuesOf(target),
  );
  if (row === undefined || row.token === 0n) return undefined;
  if (row.token > token) throw fenced(target, token, row.token);
  return row;
}

/** Of what was loaded: with the swap in one transaction. */
export interface LoadNote {
  readonly token: bigint;
  readonly sources: ReadonlyMap<string, bigint | null>;
  readonly rows: bigint;
}

export async function noteLoad(tx: WarehouseSession, target: LoadTarget, note: LoadNote): Promise<void> {
  const sources = Object.fromEntries(
    [...note.sources].map(([table, version]) => [table, version?.toString() ?? null]),
  );
  await tx.query(
    sql`UPDATE dimagi_lake.load SET token = $4, sources = $5, rows = $6, loaded_at = clock_timestamp() WHERE ${OF_TARGET}`,
    [...valuesOf(target), note.token, JSON.stringify(sources), note.rows],
  );
}

function valuesOf({ table, domain, month }: LoadTarget): unknown[] {
  return [table, domain, month];
}

function fenced(target: LoadTarget, token: bigint, newer: bigint): LakeError {
  return new LakeError('LOAD_FENCED', `Run ${newer} has loaded ${target.table} after run ${token} began`, {
    facts: { ...target, token: token.toString(), newer: newer.toString() },
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../sql/text.js';
import { APPLICATION_NAME, type WarehouseSession } from './database.js';

const ASK_AGAIN_MS = 100;

interface Reader {
  [column: string]: unknown;
  readonly transaction: string;
}

/**
 * A table that is swapped in shows its rows only to snapshots taken after they were written: a REPEATABLE READ
 * transaction that is older and reads the month for the first time now would find it empty. So those that could are
 * waited for, as CREATE INDEX CONCURRENTLY does.
 *
 * Whether another login's transaction holds a snapshot is hidden unless ours has pg_read_all_stats: then every
 * transaction that is open counts.
 * @returns how many are still there when the time is over
 */
export async function waitForOlderReaders(
  session: WarehouseSession,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const until = Date.now() + milliseconds;
  let older = new Set((await readers(session)).map(({ transaction }) => transaction));
  while (older.size > 0 && Date.now() < until) {
    await sleep(ASK_AGAIN_MS, undefined, { signal });
    // One seen without a snapshot takes a new one next time.
    const still = (await readers(session)).map(({ transaction }) => transaction);
    older = new Set(still.filter((transaction) => older.has(transaction)));
  }
  return older.size;
}

/**
 * Open transactions of this database that hold a snapshot or may hold one; not our own work on other months, and not
 * autovacuum (it has no user). A transaction takes its virtual id before its snapshot, so none is missed.
 */
async function readers(session: WarehouseSession): Promise<Reader[]> {
  return session.query<Reader>(
    sql`SELECT l.virtualtransaction AS transaction
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualxid = l.virtualtransaction
       AND a.datname = current_database() AND a.usesysid IS NOT NULL
       AND (a.query = '<insufficient privilege>' OR a.backend_xmin IS NOT NULL)
       AND NOT (a.usename = current_user AND a.application_name = $1)`,
    [APPLICATION_NAME],
  );
}

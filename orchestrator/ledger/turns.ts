import type { Queryable } from './database.js';

/**
 * Runs that get executors take turns: the driver of each holds a core and memory of the cluster before it has any executor, and an application takes
 * all cores that are free. So two at once gain nothing, and enough of them leave no room for a single executor: each waits for ever.
 */

/** Nobody follows a run that was not claimed for so long; its driver may still wait for room in a full cluster, but then without executors. */
const UNCLAIMED = "interval '10 minutes'";
/** A driver says every few seconds that it lives; one that has not for so long has lost its run, or is about to. */
const SILENT = "interval '2 minutes'";

const UNDER_WAY = `SELECT 1 FROM run WHERE on_executors AND (
    (state = 'submitted' AND created_at > now() - ${UNCLAIMED}) OR (state = 'claimed' AND heartbeat_at > now() - ${SILENT}))`;

/** A first look, without holding others up. */
export async function isTurnFree(database: Queryable): Promise<boolean> {
  const rows = await database.query(`${UNDER_WAY} LIMIT 1`);
  return rows.length === 0;
}

/**
 * Inside the transaction that writes the run: no other can take the turn until its end.
 * @returns false when another run on executors is under way
 */
export async function takeTurn(tx: Queryable): Promise<boolean> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('dimagi-lake: turn on executors', 0))");
  return isTurnFree(tx);
}

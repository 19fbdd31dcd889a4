import { STANDBY_MARGIN_SECONDS } from './limits.js';

/** What a database says of itself; null where it does not apply. */
export interface StandbyState {
  readonly in_recovery: boolean;
  /** A WAL receiver is running and streaming. Without one, "all received is replayed" would hold for ever. */
  readonly receiving: boolean;
  /** Everything received has been replayed. */
  readonly replayed_all: boolean | null;
  /** The newest message is older than the margin, so its commit has had time to reach a connected standby. */
  readonly settled: boolean | null;
  /** The last replayed commit is newer than the newest message plus the margin. */
  readonly past_newest: boolean | null;
}

/** $1: newest publish timestamp of the batch, or null. Runs in the reading transaction, on the very server read. */
export const STANDBY_STATE_SQL = `
  SELECT pg_is_in_recovery() AS in_recovery,
    EXISTS (SELECT 1 FROM pg_stat_wal_receiver r
            WHERE r.pid IS NOT NULL AND coalesce(r.status, 'streaming') = 'streaming') AS receiving,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() END AS replayed_all,
    clock_timestamp() >= $1::timestamptz + interval '${STANDBY_MARGIN_SECONDS} seconds' AS settled,
    CASE WHEN pg_is_in_recovery() THEN
      pg_last_xact_replay_timestamp() > $1::timestamptz + interval '${STANDBY_MARGIN_SECONDS} seconds'
    END AS past_newest`;

/**
 * Whether what this database shows is at least as new as every message of the batch: only then may an absent row mean
 * a deleted one. A batch without messages (a page of a reprocess) has no time to compare, so it needs a standby that
 * has replayed all it received.
 */
export function showsAllChanges(state: StandbyState): boolean {
  if (!state.in_recovery) return true;
  if (state.past_newest === true) return true;
  const caughtUp = state.receiving && state.replayed_all === true;
  return caughtUp && state.settled !== false;
}

/**
 * What we ask of HQ at once. HQ's databases and blob store serve health workers first: a batch reads steadily, never
 * as fast as it could. Memory follows from these too: two chunks of rows and a few parsed records at a time.
 */

/** Ids in one query; HQ's own code reads about 100. */
export const IDS_PER_QUERY = 250;
/** Ids in one query that only asks whether they are there. */
export const IDS_PER_LOOK = 1_000;
/** Rows, of all domains, that one statement looks through when records are listed: a fraction of a second. */
export const ROWS_PER_WINDOW = 20_000;
/** Locations in one statement that looks up each one's ancestors. */
export const LOCATIONS_PER_WINDOW = 2_000;
/** Chunks whose rows are read while the records of the one before are still being taken. */
export const CHUNKS_AT_ONCE = 2;
/** Blobs fetched at once. */
export const BLOBS_AT_ONCE = 16;
/** Connections held to one database (a pgbouncer pool is shared with HQ itself). */
export const CONNECTIONS_PER_DATABASE = 3;

/** For a new connection, or for one of ours to become free. */
export const CONNECT_TIMEOUT_MS = 30_000;
/** The server ends a statement after this; the client gives up a little later, should the server not answer at all. */
export const STATEMENT_TIMEOUT_MS = 60_000;
export const CLIENT_TIMEOUT_MS = 75_000;
/** A connection lost or refused is tried again this often before the batch is told. */
export const READ_ATTEMPTS = 3;
export const READ_RETRY_MS = 250;

/**
 * A standby must have replayed past the newest message's publish time by this much: HQ's application servers, which
 * write that time, and its database may differ in their clocks.
 */
export const STANDBY_MARGIN_SECONDS = 2;
/** A standby that is a little behind is waited for this long before the batch is put back. */
export const STANDBY_WAIT_MS = 5_000;
export const STANDBY_RECHECK_MS = 250;

/**
 * HQ announces that it deletes a location before it does so, in one transaction with all below it. One that is still there
 * is waited for until the message is so old; then it was not deleted after all, and the row decides.
 */
export const DELETION_WAIT_SECONDS = 120;

/** A location's ancestors are followed this far up; a cycle in HQ's data ends earlier. */
export const MAX_ANCESTORS = 50;

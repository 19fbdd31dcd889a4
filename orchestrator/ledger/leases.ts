import { LakeError } from '../errors.js';
import type { LedgerDatabase, Queryable } from './database.js';

/**
 * Leases keep work from being done twice at once; they do not protect the data (the put-if-absent LogStore and the
 * txn pairs do). All times are the ledger database's clock, so a process whose clock jumps can't steal or keep one.
 *
 * A lease lives LEASE_SECONDS without renewal: short, so that a killed process's work goes on soon; the holder renews
 * at a third of it. A process that stalls longer loses the lease and finds out at its next ledger write.
 */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly token: bigint;
}

/** Takes all the names or none, in one statement and in sorted order, so that two takers can't deadlock. */
export async function acquireLeases(
  database: LedgerDatabase,
  names: readonly string[],
  owner: string,
): Promise<readonly Lease[] | undefined> {
  const wanted = [...new Set(names)].sort();
  return database
    .transaction(async (tx) => {
      const rows = await tx.query<{ name: string; token: bigint }>(
        `INSERT INTO lease AS held (name, owner, token, expires_at)
         SELECT name, $2, 1, now() + make_interval(secs => $3) FROM unnest($1::text[]) AS name ORDER BY name
         ON CONFLICT (name) DO UPDATE
           SET owner = excluded.owner, token = held.token + 1, expires_at = excluded.expires_at
           WHERE held.expires_at < now()
         RETURNING name, token`,
        [wanted, owner, database.leaseSeconds],
      );
      if (rows.length !== wanted.length) throw new NotAllFree();
      return rows.map((row) => ({ ...row, owner }));
    })
    .catch((thrown: unknown) => {
      if (thrown instanceof NotAllFree) return undefined;
      throw thrown;
    });
}

class NotAllFree extends Error {}

/** Every statement on several leases locks them by name: in another order two of them could deadlock. */
const LOCKED_IN_ORDER =
  'SELECT name FROM lease WHERE (name, token) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))';

/** @throws LakeError LEASE_LOST when one of them has a new holder or has run out */
export async function renewLeases(database: LedgerDatabase, leases: readonly Lease[]): Promise<void> {
  const rows = await database.query(
    `WITH held AS (${LOCKED_IN_ORDER} AND expires_at >= now() ORDER BY name FOR UPDATE)
     UPDATE lease SET expires_at = now() + make_interval(secs => $3) FROM held WHERE lease.name = held.name RETURNING 1`,
    [leases.map((lease) => lease.name), leases.map((lease) => lease.token), database.leaseSeconds],
  );
  if (rows.length !== leases.length) throw leaseLost(leases);
}

/**
 * Inside a transaction: makes sure the lease is still held and stays so until the commit.
 * @throws LakeError LEASE_LOST
 */
export async function requireLease(tx: Queryable, lease: Lease): Promise<void> {
  const rows = await tx.query(
    'SELECT 1 FROM lease WHERE name = $1 AND token = $2 AND expires_at >= now() FOR SHARE',
    [lease.name, lease.token],
  );
  if (rows.length === 0) throw leaseLost([lease]);
}

/** Which of the names somebody holds now. */
export async function heldLeases(
  database: Queryable,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ name: string }>(
    'SELECT name FROM lease WHERE name = ANY($1::text[]) AND expires_at >= now()',
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

export async function releaseLeases(database: Queryable, leases: readonly Lease[]): Promise<void> {
  await database.query(
    `WITH held AS (${LOCKED_IN_ORDER} ORDER BY name FOR UPDATE)
     UPDATE lease SET expires_at = now() - interval '1 second' FROM held WHERE lease.name = held.name`,
    [leases.map((lease) => lease.name), leases.map((lease) => lease.token)],
  );
}

/**
 * Runs `act` while holding the leases, renewed in the background; `signal` aborts when they are lost.
 * @returns undefined when another process holds one of them
 */
export async function withLeases<T>(
  database: LedgerDatabase,
  names: readonly string[],
  owner: string,
  act: (leases: readonly Lease[], signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const leases = await acquireLeases(database, names, owner);
  if (leases === undefined) return undefined;
  const lost = new AbortController();
  const renewal = setInterval(
    () => {
      renewLeases(database, leases).catch((thrown: unknown) => {
        // A ledger that does not answer may come back in time; only a certain loss stops the work.
        if (thrown instanceof LakeError && thrown.code === 'LEASE_LOST') lost.abort(thrown);
      });
    },
    (database.leaseSeconds * 1000) / 3,
  );
  try {
    return await act(leases, lost.signal);
  } finally {
    clearInterval(renewal);
    await releaseLeases(database, leases).catch(() => undefined);
  }
}

function leaseLost(leases: readonly Lease[]): LakeError {
  const names = leases.map((lease) => lease.name);
  return new LakeError('LEASE_LOST', `Lease lost: ${names.join(', ')}`, { facts: { leases: names } });
}

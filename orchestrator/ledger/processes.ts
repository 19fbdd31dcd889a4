import type { Queryable } from './database.js';

/** A process of the control plane, as it was last seen. */
export interface ProcessSeen {
  readonly owner: string;
  readonly roles: string[];
  /** ISO 8601 in UTC. */
  readonly startedAt: string;
  readonly seenAt: string;
}

/** Says that the process lives, and forgets those that have not for a day. */
export async function processSeen(
  database: Queryable,
  owner: string,
  roles: readonly string[],
): Promise<void> {
  await database.query(
    `INSERT INTO process (owner, roles) VALUES ($1, $2)
     ON CONFLICT (owner) DO UPDATE SET roles = excluded.roles, seen_at = now()`,
    [owner, roles],
  );
  await database.query("DELETE FROM process WHERE seen_at < now() - interval '1 day'");
}

export async function processGone(database: Queryable, owner: string): Promise<void> {
  await database.query('DELETE FROM process WHERE owner = $1', [owner]);
}

/** Processes seen within so many seconds, by what they do. */
export async function livingProcesses(database: Queryable, withinSeconds: number): Promise<ProcessSeen[]> {
  const iso = (column: string): string =>
    `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return database.query(
    `SELECT owner, roles, ${iso('started_at')} AS "startedAt", ${iso('seen_at')} AS "seenAt" FROM process
     WHERE seen_at > now() - make_interval(secs => $1) ORDER BY roles, owner`,
    [withinSeconds],
  );
}

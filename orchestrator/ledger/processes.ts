import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** A process of the control plane that was seen a short while ago. */
export interface LiveProcess {
  readonly owner: string;
  readonly roles: string[];
  /** ISO 8601 in UTC. */
  readonly seenAt: string;
}

const GONE_AFTER = "interval '2 minutes'";

export async function liveProcesses(database: Queryable): Promise<LiveProcess[]> {
  return database.query(
    `SELECT owner, roles, ${iso('seen_at')} AS "seenAt" FROM process WHERE seen_at > now() - ${GONE_AFTER}
     ORDER BY owner LIMIT 200`,
  );
}

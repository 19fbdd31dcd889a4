import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** What somebody did or wanted to do. Never record content, never a secret. */
export interface Action {
  readonly who: string;
  readonly role: string;
  /** `retry job`, `revoke token` … */
  readonly action: string;
  readonly target: string | null;
  readonly reason: string | null;
  /** `begun`, then `done` or `failed CODE`; `refused CODE` when it was not even begun. */
  readonly outcome: string;
  readonly address: string | null;
}

/** Times are ISO 8601 in UTC. */
export interface AuditEntry extends Action {
  readonly id: bigint;
  readonly at: string;
}

/** @returns the entry's id, for its outcome */
export async function noteAction(database: Queryable, action: Action): Promise<bigint> {
  const [row] = await database.query<{ id: bigint }>(
    `INSERT INTO audit_log (who, role, action, target, reason, outcome, address) VALUES ($1, $2, $3, $4, $5, $6, $7)
     RETURNING id`,
    [action.who, action.role, action.action, action.target, action.reason, action.outcome, action.address],
  );
  return row?.id ?? 0n;
}

/** @param target where it is better known by now */
export async function noteOutcome(
  database: Queryable,
  id: bigint,
  outcome: string,
  target: string | null = null,
): Promise<void> {
  await database.query('UPDATE audit_log SET outcome = $2, target = coalesce($3, target) WHERE id = $1', [
    id,
    outcome,
    target,
  ]);
}

export interface AuditFilter {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  /** Only entries older than this one. */
  readonly before?: bigint | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function readAudit(database: Queryable, filter: AuditFilter): Promise<AuditEntry[]> {
  return database.query(
    `SELECT id, ${iso('at')} AS at, who, role, action, target, reason, outcome, address FROM audit_log
     WHERE ($1::text IS NULL OR who = $1) AND ($2::text IS NULL OR action = $2) AND ($3::bigint IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [filter.who ?? null, filter.action ?? null, filter.before ?? null, filter.limit],
  );
}

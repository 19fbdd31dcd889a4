import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** A month that a domain's schedule has taken up (migrations/0009_months.sql). */
export interface ScheduleRun {
  /** `YYYY-MM-01` */
  readonly month: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly attempts: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Whether it is tried again by itself, and the time for that has not come yet. */
  readonly isWaiting: boolean;
  /** Done, or failed for good: the schedule goes on behind it. */
  readonly isSettled: boolean;
  readonly computed: number;
  readonly reason: string | null;
}

const COLUMNS = `month::text AS month, state, attempts, computed, reason,
  to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
  to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt",
  coalesce(next_attempt_at > now(), false) AS "isWaiting",
  (state <> 'running' AND next_attempt_at IS NULL) AS "isSettled"`;

/** The months a domain has taken up, the newest first. What was begun later than now is of a clock that was put back. */
export async function scheduleRuns(database: Queryable, domain: string, limit = 100): Promise<ScheduleRun[]> {
  return database.query<ScheduleRun & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM schedule_run WHERE domain = $1 AND started_at <= now() ORDER BY schedule_run.month DESC LIMIT $2`,
    [domain, limit],
  );
}

/** A month's run as people read it. Times are ISO 8601 in UTC. */
export type ScheduleRecord = Pick<
  ScheduleRun,
  'month' | 'state' | 'attempts' | 'startedAt' | 'finishedAt' | 'computed' | 'reason'
> & { readonly nextAttemptAt: string | null };

/** The newest month first. */
export async function scheduleHistory(
  database: Queryable,
  domain: string,
  limit: number,
): Promise<ScheduleRecord[]> {
  return database.query<ScheduleRecord & Record<string, unknown>>(
    `SELECT month::text AS month, state, attempts, computed, reason, ${iso('started_at')} AS "startedAt",
            ${iso('finished_at')} AS "finishedAt", ${iso('next_attempt_at')} AS "nextAttemptAt"
     FROM schedule_run WHERE domain = $1 ORDER BY schedule_run.month DESC LIMIT $2`,
    [domain, limit],
  );
}

/** Intent before the work. A month that is taken up again keeps the count of its attempts. */
export async function scheduleRunBegun(tx: Queryable, domain: string, month: string): Promise<void> {
  await tx.query(
    `INSERT INTO schedule_run AS known (domain, month, state, attempts) VALUES ($1, $2, 'running', 1)
     ON CONFLICT (domain, month) DO UPDATE SET
       state = 'running', attempts = known.attempts + 1, started_at = now(), finished_at = NULL, next_attempt_at = NULL,
       reason = NULL`,
    [domain, month],
  );
}

export interface ScheduleOutcome {
  readonly computed: number;
  /** Null: all that was to be done is done. */
  readonly failure: { readonly reason: string; readonly retryable: boolean } | null;
}

/** Outcome after it. What may pass is tried again: after a minute, doubling, at most an hour. */
export async function scheduleRunEnded(
  tx: Queryable,
  domain: string,
  month: string,
  { computed, failure }: ScheduleOutcome,
): Promise<void> {
  await tx.query(
    `UPDATE schedule_run SET state = $3, finished_at = now(), computed = computed + $4, reason = $5,
       next_attempt_at = CASE WHEN $6 THEN now() + make_interval(secs => least(3600, 60 * power(2, least(attempts - 1, 10)))) END
     WHERE domain = $1 AND month = $2`,
    [
      domain,
      month,
      failure === null ? 'done' : 'failed',
      computed,
      failure?.reason ?? null,
      failure?.retryable ?? false,
    ],
  );
}

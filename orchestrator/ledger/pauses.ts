import type { Queryable } from './database.js';

export type PauseScope = 'all' | 'topic' | 'table' | 'queue';

/** Kinds of work that can be paused each. `reprocess` is the planning of its pages, `schedule` the monthly schedule,
 * `maintenance` OPTIMIZE and VACUUM. */
export const QUEUES = ['stage', 'merge', 'aggregation', 'schedule', 'reprocess', 'maintenance'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Work that no process may begin (migrations/0011_jobs.sql). */
export interface Pause {
  readonly id: bigint;
  readonly scope: PauseScope;
  /** A topic, `database.table` or queue; '' for all. */
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

export type NewPause = Pick<Pause, 'scope' | 'name' | 'reason' | 'by'>;

const COLUMNS = `id, scope, name, reason, paused_by AS "by",
  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`;

/** Pauses, or when it is paused already says so: the first reason stays, because it is why nothing moves. */
export async function pause(
  database: Queryable,
  asked: NewPause,
): Promise<{ pause: Pause; repeated: boolean }> {
  const [made] = await database.query<Pause & Record<string, unknown>>(
    `INSERT INTO pause (scope, name, reason, paused_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (scope, name) DO NOTHING RETURNING ${COLUMNS}`,
    [asked.scope, asked.name, asked.reason, asked.by],
  );
  if (made !== undefined) return { pause: made, repeated: false };
  const known = (await listPauses(database)).find(
    ({ scope, name }) => scope === asked.scope && name === asked.name,
  );
  // It was lifted between the two statements.
  return known === undefined ? pause(database, asked) : { pause: known, repeated: true };
}

/** Lifts a pause. @returns undefined when there is none */
export async function resume(
  database: Queryable,
  which: bigint | Pick<Pause, 'scope' | 'name'>,
): Promise<Pause | undefined> {
  const [lifted] = await database.query<Pause & Record<string, unknown>>(
    typeof which === 'bigint'
      ? `DELETE FROM pause WHERE id = $1 RETURNING ${COLUMNS}`
      : `DELETE FROM pause WHERE scope = $1 AND name = $2 RETURNING ${COLUMNS}`,
    typeof which === 'bigint' ? [which] : [which.scope, which.name],
  );
  return lifted;
}

export async function listPauses(database: Queryable): Promise<Pause[]> {
  return database.query(`SELECT ${COLUMNS} FROM pause ORDER BY id`);
}

/** What some work belongs to. */
export interface PausableWork {
  readonly queue: QueueName;
  readonly topic?: string;
  /** `database.table` */
  readonly table?: string;
}

/** The pause that holds the work up; undefined: it may begin. */
export async function pauseOf(database: Queryable, work: PausableWork): Promise<Pause | undefined> {
  const [held] = await database.query<Pause & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM pause
     WHERE scope = 'all' OR (scope = 'queue' AND name = $1) OR (scope = 'topic' AND name = $2)
       OR (scope = 'table' AND lower(name) = lower($3))
     ORDER BY id LIMIT 1`,
    [work.queue, work.topic ?? null, work.table ?? null],
  );
  return held;
}

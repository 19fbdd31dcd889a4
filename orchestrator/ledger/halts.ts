import type { Queryable } from './database.js';

/** What `resume` set going again. */
export interface Resumed {
  readonly topic: string | null;
  readonly batches: number;
  readonly tables: readonly string[];
}

/**
 * Lets a halted or paused topic go on: its halted batches are extracted again, its halted tables' lanes are tried
 * again. Nothing is skipped; what halted for a cause that still stands will halt again.
 */
export async function resumeTopic(tx: Queryable, topic: string): Promise<Resumed> {
  const moved = await tx.query(
    "UPDATE topic SET state = 'running', reason = NULL WHERE name = $1 AND state <> 'running' RETURNING 1",
    [topic],
  );
  const batches = await tx.query(
    `UPDATE batch SET state = 'planned', attempts = 0, next_attempt_at = now()
     WHERE topic = $1 AND state = 'halted' AND staged_at IS NULL RETURNING 1`,
    [topic],
  );
  const tables = await tx.query<{ id: bigint; name: string }>(
    `UPDATE lake_table SET state = 'running', reason = NULL
     WHERE state = 'halted' AND kind = CASE $1 WHEN 'form-sql' THEN 'form' WHEN 'case-sql' THEN 'case' ELSE $1 END
     RETURNING id, database_name || '.' || table_name AS name`,
    [topic],
  );
  await tx.query(
    "UPDATE lane SET state = 'failed', attempts = 0 WHERE state = 'halted' AND table_id = ANY($1::bigint[])",
    [tables.map((table) => table.id)],
  );
  await tx.query("UPDATE batch SET next_attempt_at = now() WHERE topic = $1 AND state = 'staged'", [topic]);
  return {
    topic: moved.length > 0 ? topic : null,
    batches: batches.length,
    tables: tables.map((table) => table.name),
  };
}

/** Pauses planning of a running topic; what is planned goes on. */
export async function pauseTopic(database: Queryable, topic: string, reason: string): Promise<void> {
  await database.query(
    "UPDATE topic SET state = 'paused', reason = $2 WHERE name = $1 AND state = 'running'",
    [topic, reason],
  );
}

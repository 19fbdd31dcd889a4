import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../package-root.js';
import type { LedgerDatabase, Queryable } from './database.js';

const MIGRATIONS = join(PACKAGE_ROOT, 'orchestrator', 'ledger', 'migrations');
const MIGRATION_LOCK = 7_021_946; // any fixed number: serialises processes that migrate at once

/**
 * Brings the ledger to the newest schema: numbered files in order, each once, all in one transaction.
 * @param runnerUrl URL of the drivers' limited role; it is granted the runner functions and nothing else
 * @returns names of the migrations that were run now
 */
export async function migrateLedger(database: LedgerDatabase, runnerUrl: string): Promise<string[]> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await tx.query(
      'CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, run_at timestamptz DEFAULT now())',
    );
    const done = new Set(
      (await tx.query<{ name: string }>('SELECT name FROM migration')).map((row) => row.name),
    );
    const todo = readdirSync(MIGRATIONS)
      .filter((name) => name.endsWith('.sql') && !done.has(name))
      .sort();
    for (const name of todo) {
      await tx.query(readFileSync(join(MIGRATIONS, name), 'utf8'));
      await tx.query('INSERT INTO migration (name) VALUES ($1)', [name]);
    }
    await grantToRunner(tx, decodeURIComponent(new URL(runnerUrl).username));
    return todo;
  });
}

/** Grants by `format('%I')` in the database: a role name can't be a $n, and must not be pasted into SQL here. */
async function grantToRunner(tx: Queryable, role: string): Promise<void> {
  const [row] = await tx.query<{ statement: string | null }>(
    `SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, r.rolname), '; ') AS statement
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace CROSS JOIN pg_roles r
     WHERE n.nspname = 'public' AND p.proname LIKE 'runner\\_%' AND r.rolname = $1 AND r.rolname <> current_user`,
    [role],
  );
  if (row?.statement) await tx.query(row.statement);
}

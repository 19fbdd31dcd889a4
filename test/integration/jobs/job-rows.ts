import type { Queryable } from '../../../orchestrator/ledger/database.js';
import { readJobs, type IndexedJob } from '../../../orchestrator/ledger/job-index.js';

/** Rows of the index that are not what the base tables say, in either direction: there must never be any. */
export async function wrongRows(database: Queryable): Promise<string[]> {
  const shown = `id, kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at,
    ended_at, failure_class, failure, words`;
  const now = ['batch', 'aggregation', 'request', 'reprocess']
    .map((each) => `SELECT ${shown} FROM ${each}_job`)
    .join(' UNION ALL ');
  const rows = await database.query<{ id: string }>(
    `(SELECT id FROM ((${now}) EXCEPT (SELECT ${shown} FROM job)) AS missing)
     UNION ALL (SELECT id FROM ((SELECT ${shown} FROM job) EXCEPT (${now})) AS outdated)`,
  );
  return rows.map((row) => row.id);
}

export async function readJob(database: Queryable, id: string): Promise<IndexedJob> {
  const [job] = await readJobs(database, [id]);
  if (job === undefined) throw new Error(`${id} is not in the index`);
  return job;
}

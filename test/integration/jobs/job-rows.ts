import assert from 'node:assert/strict';
import { beginExtraction, readBatch, type Batch } from '../../../orchestrator/ledger/batches.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import type { LedgerDatabase, Queryable } from '../../../orchestrator/ledger/database.js';
import { readJobs, type IndexedJob } from '../../../orchestrator/ledger/job-index.js';
import { laneMerged, readLanes } from '../../../orchestrator/ledger/lanes.js';
import { insertRun } from '../../../orchestrator/ledger/runs.js';
import { lease, table, type TopicUnderTest } from '../ledger/fresh-ledger.js';

/** Rows of the index that are not what the base tables say, in either direction: there must never be any. */
export async function wrongRows(database: Queryable): Promise<string[]> {
  const shown = `id, kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at,
    ended_at, failure_class, failure, words`;
  const now = ['batch', 'aggregation', 'request', 'reprocess', 'reconcile', 'maintenance']
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

/** The next batch, staged with a lane for each case type. */
export async function stageOne(
  database: LedgerDatabase,
  topic: TopicUnderTest,
  types: readonly string[],
): Promise<Batch> {
  const batch = await topic.plan();
  await database.transaction((tx) => beginExtraction(tx, batch.id));
  const lanes = [];
  for (const type of types)
    lanes.push({ tableId: await table(database, 'nutrition', type), upserts: 2, deletes: 1 });
  await topic.stage(await readBatch(database, batch.id), { lanes });
  return readBatch(database, batch.id);
}

/** A run of all its lanes, as it stands before a driver claims it. */
export async function submit(database: LedgerDatabase, batch: Batch, runId: string): Promise<void> {
  const lanes = (await readLanes(database, batch.id)).map((lane) => lane.id);
  const run = { id: runId, batchId: batch.id, token: 't', path: 'runs/r', runFile: 'file:///run.json' };
  await database.transaction((tx) => insertRun(tx, run, lanes));
}

export async function mergeAndCommit(database: LedgerDatabase, batch: Batch): Promise<void> {
  const facts = {
    deltaVersion: 1n,
    inserted: 2,
    updated: 0,
    deleted: 1,
    refused: 0,
    seconds: 2,
    runId: null,
  };
  for (const lane of await readLanes(database, batch.id)) await laneMerged(database, lane.id, facts);
  const held = await lease(database, `merge:${batch.id}`);
  assert.ok(await database.transaction((tx) => commitBatch(tx, held, batch)));
}

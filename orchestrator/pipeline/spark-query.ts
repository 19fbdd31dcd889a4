import { randomUUID } from 'node:crypto';
import { followRun } from '../commit/follow-run.js';
import { readRows } from '../commit/run-result.js';
import { LakeError } from '../errors.js';
import { insertRun, readRun, voidRun } from '../ledger/runs.js';
import type { Sql } from '../sql/text.js';
import { writeRunFiles } from '../submit/run-files.js';
import { giveToDriver, type DriverContext } from './give-to-driver.js';

/**
 * Asks the lake: each statement in a driver of its own claim, as merges are run, but without a batch; it must only
 * read. Meant for answers of one row (counts, samples as JSON text).
 * @returns the first row of each statement's result, by column; null values stay null
 * @throws LakeError QUERY_FAILED when Spark refuses a statement or no driver answers
 */
export async function askSpark(
  context: DriverContext,
  statements: readonly Sql[],
  signal: AbortSignal,
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const { database, checkpoint } = context;
  const runId = `query-${randomUUID()}`;
  const path = `runs/${runId}`;
  const token = randomUUID();
  const script = statements.map((statement) => `${statement}\n;\n`).join('');
  try {
    const runFile = await writeRunFiles(checkpoint, path, runId, [
      { laneId: 0n, tableName: 'query', script },
    ]);
    await database.transaction((tx) => insertRun(tx, { id: runId, batchId: null, token, path, runFile }, []));
    await giveToDriver(context, { runId, token, runFile, rows: 0 }, signal);
    const leaseSeconds = context.environment.RUN_LEASE_SECONDS;
    const state = await followRun(database, context.spark, runId, leaseSeconds, context.logger, signal);
    const rows = await readRows(checkpoint, path);
    if (state !== 'done' || rows.failure !== undefined) {
      const { claimedBy } = await readRun(database, runId);
      const reason = rows.failure ?? `the run ended as ${state}`;
      throw new LakeError('QUERY_FAILED', `Spark did not answer: ${reason}`, {
        facts: { runId, driver: claimedBy },
      });
    }
    return rows.rows;
  } finally {
    await voidRun(database, runId, 'submitted', 'nobody waits for the answer any more');
    await checkpoint.deleteFolder(path);
  }
}

import { randomUUID } from 'node:crypto';
import { LakeError } from '../errors.js';
import type { Sql } from '../sql/text.js';
import type { DriverContext } from './give-to-driver.js';
import { runOnSpark } from './run-on-spark.js';

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
  const runId = `query-${randomUUID()}`;
  const path = `runs/${runId}`;
  const script = statements.map((statement) => `${statement}\n;\n`).join('');
  try {
    const lanes = [{ laneId: 0n, tableName: 'query', script }];
    const { state, driver, lanes: outcomes } = await runOnSpark(context, { runId, path, lanes }, signal);
    const [answer] = outcomes.values();
    if (state === 'done' && answer?.failure === undefined && answer !== undefined) return answer.rows;
    const why =
      answer === undefined
        ? `its driver left no result (the run ended as ${state})`
        : (answer.failure?.reason ?? `the run ended as ${state}`);
    throw new LakeError('QUERY_FAILED', `Spark did not answer: ${why}`, { facts: { runId, driver } });
  } finally {
    await context.checkpoint.deleteFolder(path);
  }
}

import { randomUUID } from 'node:crypto';
import { readIngestionEnvironment } from '../../orchestrator/config/environment.js';
import { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { createLogger } from '../../orchestrator/logger.js';
import { runOnSpark } from '../../orchestrator/pipeline/run-on-spark.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import type { FreshLake } from './fresh-lake.js';

/** Runs statements on a test's lake behind the pipeline's back, one after the other; the first that fails fails the test. */
export async function sparkSql(lake: FreshLake, statements: readonly string[]): Promise<void> {
  const environment = readIngestionEnvironment({ ...process.env, ...lake.env });
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  const context = {
    ...{ environment, database, logger: createLogger({ level: 'error' }) },
    checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
    spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
  };
  try {
    const runId = `by-hand-${randomUUID()}`;
    const script = statements.map((statement) => `${statement}\n;\n`).join('');
    const lanes = [{ laneId: 0n, tableName: 'by_hand', script }];
    const run = { runId, path: `runs/${runId}`, lanes };
    const outcome = await runOnSpark(context, run, new AbortController().signal);
    const failure = outcome.lanes.get('0')?.failure;
    if (outcome.state !== 'done' || failure !== undefined)
      throw new Error(`Spark did not do it (${outcome.state}): ${failure?.reason ?? 'no result'}`);
  } finally {
    await database.close();
  }
}

/** A table of the lake in Spark's SQL. @param table `<topic>/<type>` */
export function deltaName(lake: FreshLake, table: string): string {
  return `delta.\`${lake.env['HQ_DATA_PATH'] ?? ''}/commcare/${lake.domain}/${table}\``;
}

/** Of ids without quotes. */
export function idList(ids: readonly string[]): string {
  return ids.map((id) => `'${id}'`).join(', ');
}

import { readSettings, type Settings } from '../config/settings.js';
import { LedgerDatabase } from '../ledger/database.js';
import { createLogger } from '../logger.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import { openStorage } from '../storage/open-storage.js';
import type { Storage } from '../storage/storage.js';
import { SparkRest } from '../submit/spark-rest.js';
import { stopOnSignal } from './stop-on-signal.js';

/** For verbs that ask the lake by Spark. */
export interface SparkTools {
  readonly context: DriverContext;
  readonly lake: Storage;
  readonly signal: AbortSignal;
}

/** The connection to the ledger ends with the act. */
export async function withSpark<T>(
  act: (tools: SparkTools) => Promise<T>,
  { environment }: Settings = readSettings(),
): Promise<T> {
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  try {
    const context = {
      environment,
      database,
      checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
      spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
      logger: createLogger(),
    };
    const lake = openStorage(environment.HQ_DATA_PATH, environment);
    return await act({ context, lake, signal: stopOnSignal() });
  } finally {
    await database.close();
  }
}

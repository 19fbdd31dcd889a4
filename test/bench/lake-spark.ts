import type { IngestionEnvironment } from '../../orchestrator/config/environment.js';
import { readSettings } from '../../orchestrator/config/settings.js';
import { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { createLogger } from '../../orchestrator/logger.js';
import type { DriverContext } from '../../orchestrator/pipeline/give-to-driver.js';
import { askSpark } from '../../orchestrator/pipeline/spark-query.js';
import type { Sql } from '../../orchestrator/sql/text.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import type { FreshLake } from '../helpers/fresh-lake.js';

/** Spark for statements that are no part of the pipeline. */
export interface LakeSpark {
  readonly environment: IngestionEnvironment;
  readonly database: LedgerDatabase;
  readonly context: DriverContext;
  /** Runs a statement by a driver, which stays warm from the first on. */
  run(statement: Sql): Promise<void>;
  close(): Promise<void>;
}

export function openLakeSpark(lake: FreshLake): LakeSpark {
  const { environment } = readSettings({ ...process.env, ...lake.env });
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  const context = {
    environment,
    database,
    checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
    spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
    logger: createLogger({ level: 'error' }),
  };
  return {
    environment,
    database,
    context,
    run: async (statement) => {
      await askSpark(context, [statement], new AbortController().signal);
    },
    close: () => database.close(),
  };
}

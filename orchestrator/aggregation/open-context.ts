import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { appIdOf } from '../commit/lane-numbers.js';
import { openLake } from '../commit/lake-identity.js';
import type { AggregationEnvironment } from '../config/environment.js';
import { hashKeyCheck } from '../config/hash-key.js';
import { parseStoredConfig, type LakeConfig } from '../config/lake.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import { LedgerDatabase } from '../ledger/database.js';
import { migrateLedger } from '../ledger/migrate.js';
import type { Logger } from '../logger.js';
import { openStorage } from '../storage/open-storage.js';
import { SparkRest } from '../submit/spark-rest.js';
import { Warehouse } from '../warehouse/warehouse.js';
import type { AggregationContext } from './context.js';
import { loadModels } from './models/load-models.js';

/**
 * Everything aggregations need: ledger, lake, Spark, warehouse and the models.
 * @throws LakeError when configuration, ledger and lake do not fit together; nothing is started then
 */
export async function openAggregationContext(
  environment: AggregationEnvironment,
  config: LakeConfig,
  logger: Logger,
): Promise<AggregationContext & { close(): Promise<void> }> {
  const models = loadModels(environment.AGGREGATION_MODELS);
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL, {
    leaseSeconds: environment.LEASE_SECONDS,
  });
  const warehouse = new Warehouse(environment, logger);
  const close = async (): Promise<void> => {
    await warehouse.close();
    await database.close();
  };
  try {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const lake = openStorage(environment.HQ_DATA_PATH, environment);
    const lakeUuid = await openLake(database, lake);
    const versions = new ConfigVersions(database, {
      parse: parseStoredConfig,
      hashKeyCheck: (each) => hashKeyCheck(environment, each),
    });
    return {
      environment,
      database,
      checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
      lake,
      aggregates: openStorage(environment.AGG_DATA_PATH, environment),
      spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
      warehouse,
      models,
      appId: appIdOf(lakeUuid),
      owner: `${hostname()}:${process.pid}:${randomUUID()}`,
      logger,
      config,
      configVersionId: await versions.requireActive(config),
      configOf: (versionId) => versions.read(versionId),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

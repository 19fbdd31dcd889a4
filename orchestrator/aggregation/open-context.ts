import type { AggregationEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import { openClients, type Clients } from '../control-plane/clients.js';
import type { Logger } from '../logger.js';
import { openStorage } from '../storage/open-storage.js';
import { Warehouse } from '../warehouse/warehouse.js';
import type { AggregationContext } from './context.js';
import { loadModels } from './models/load-models.js';

/**
 * Everything aggregations need: ledger, lake, Spark, warehouse and the models.
 * @param shared clients of a process that does other things too; left out, they are opened, and closed with the context
 * @throws LakeError when configuration, ledger and lake do not fit together; nothing is started then
 */
export async function openAggregationContext(
  environment: AggregationEnvironment,
  config: LakeConfig,
  logger: Logger,
  shared?: Clients,
): Promise<AggregationContext & { close(): Promise<void> }> {
  const models = loadModels(environment.AGGREGATION_MODELS);
  const clients = shared ?? (await openClients(environment, config, logger));
  const { database, checkpoint, lake, spark, appId, owner, configVersionId } = clients;
  const warehouse = new Warehouse(environment, logger);
  return {
    ...{ environment, database, checkpoint, lake, spark, appId, owner, logger, config, configVersionId },
    ...{ warehouse, models },
    aggregates: openStorage(environment.AGG_DATA_PATH, environment),
    configOf: (versionId) => clients.configOf(versionId),
    async close() {
      await warehouse.close();
      if (shared === undefined) await clients.close();
    },
  };
}

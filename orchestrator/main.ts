import type { IngestionEnvironment } from './config/environment.js';
import type { LakeConfig } from './config/lake.js';
import { openClients } from './control-plane/clients.js';
import { openIngestion, startIngestionWorkers, startPollers } from './control-plane/ingestion.js';
import type { Logger } from './logger.js';
import type { PipelineContext } from './pipeline/context.js';
import { loadHooks } from './transform/load-hooks.js';
import type { Topic } from './types.js';

/** A running ingestion. */
export interface ControlPlane {
  readonly context: PipelineContext;
  /** A look at HQ's location types, now; what it finds is planned by the poller of the topic `location`. */
  lookAtTypes(): Promise<void>;
  /** Finishes what is under way (or leaves it to the ledger when `force`), then closes everything. */
  stop(): Promise<void>;
}

/**
 * The composition root of ingestion: configuration → clients → pipeline → poller, workers and sweeper. What a process
 * does beside it (schedules, requests, API …) is put together in control-plane/up.ts.
 *
 * Poller, workers and sweeper never talk to each other but through the ledger; any number of processes may run them,
 * and any of them may die at any point.
 * @param topics topics this process polls; its workers take work of every topic
 * @throws LakeError when configuration, ledger and lake do not fit together; nothing is started then
 */
export async function startControlPlane(
  environment: IngestionEnvironment,
  config: LakeConfig,
  topics: readonly Topic[],
  logger: Logger,
): Promise<ControlPlane> {
  await loadHooks(config);
  const clients = await openClients(environment, config, logger);
  const ingestion = openIngestion(clients, environment);
  const pollers = startPollers(ingestion, clients, topics);
  const workers = startIngestionWorkers(ingestion, clients);
  const { configVersionId } = clients;
  const stopping = new AbortController();
  return {
    context: ingestion.context,
    lookAtTypes: () => ingestion.pipeline.lookAtTypes({ config, configVersionId }, stopping.signal),
    async stop() {
      stopping.abort();
      await pollers.stop();
      await workers.stop();
      await ingestion.close();
      await clients.close();
    },
  };
}

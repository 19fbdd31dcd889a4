import { loadModels } from '../aggregation/models/load-models.js';
import { wantedShapes } from '../aggregation/wanted-shapes.js';
import type { IngestionEnvironment } from '../config/environment.js';
import { openHq } from '../extract/hq.js';
import { createKafka } from '../kafka/client.js';
import type { PipelineContext } from '../pipeline/context.js';
import { createPipeline, type Pipeline } from '../pipeline.js';
import { Enqueuer } from '../queue/enqueue.js';
import { runPoller } from '../queue/poller.js';
import { connectRedis, type RedisConnection } from '../queue/queues.js';
import { runSweeper } from '../queue/sweeper.js';
import { startWorkers } from '../queue/workers.js';
import type { Topic } from '../types.js';
import type { Clients } from './clients.js';
import { loopingPart, type Part } from './part.js';

/** Pollers and sweeper take turns of seconds; longer than this at the end means that one hangs. */
const LOOPS_MAY_TAKE_MS = 20_000;

/** What pollers and workers share beside the clients. */
export interface Ingestion {
  readonly context: PipelineContext;
  readonly pipeline: Pipeline;
  readonly enqueuer: Enqueuer;
  readonly kafka: ReturnType<typeof createKafka>;
  readonly redis: RedisConnection;
  close(): Promise<void>;
}

export function openIngestion(clients: Clients, environment: IngestionEnvironment): Ingestion {
  const { database, checkpoint, lake, spark, appId, owner, logger, lakeUuid } = clients;
  const hq = openHq(environment);
  const context: PipelineContext = {
    ...{ environment, database, checkpoint, lake, hq, spark, appId, owner, logger },
    wantedShape: wantedShapes(loadModels(environment.AGGREGATION_MODELS).all),
    configOf: (versionId) => clients.configOf(versionId),
    requireHashKey: (versionId) => clients.requireHashKey(versionId),
  };
  const redis = connectRedis(environment.REDIS_URL);
  const enqueuer = new Enqueuer(database, redis, lakeUuid);
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = environment;
  return {
    ...{ context, enqueuer, redis },
    pipeline: createPipeline(context),
    kafka: createKafka(host, port, logger),
    async close() {
      await enqueuer.close();
      redis.disconnect();
      await hq.close();
    },
  };
}

/** Plans batches of the topics. Of all processes one per topic leads, by a ledger lease. */
export function startPollers(
  { context, pipeline, enqueuer, kafka }: Ingestion,
  { config, configVersionId }: Clients,
  topics: readonly Topic[],
): Part {
  const parts = { context, pipeline, enqueuer, kafka, config, configVersionId };
  return loopingPart((signal) => topics.map((topic) => runPoller(parts, topic, signal)), LOOPS_MAY_TAKE_MS);
}

/** Stages and merges batches of every topic, and sweeps. */
export function startIngestionWorkers(
  { context, pipeline, enqueuer, redis }: Ingestion,
  { lakeUuid, logger }: Clients,
): Part {
  const sweeper = loopingPart((signal) => [runSweeper(context, enqueuer, signal)], LOOPS_MAY_TAKE_MS);
  const lockSeconds = context.environment.LEASE_SECONDS;
  const workers = startWorkers(pipeline, enqueuer, redis, { lakeUuid, lockSeconds, logger });
  return {
    async stop() {
      await sweeper.stop();
      await workers.close();
    },
  };
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadModels } from './aggregation/models/load-models.js';
import { wantedShapes } from './aggregation/wanted-shapes.js';
import { appIdOf } from './commit/lane-numbers.js';
import { openLake } from './commit/lake-identity.js';
import type { IngestionEnvironment } from './config/environment.js';
import { hashKeyCheck } from './config/hash-key.js';
import { parseStoredConfig, type LakeConfig } from './config/lake.js';
import { openHq } from './extract/hq.js';
import { createKafka } from './kafka/client.js';
import { ConfigVersions } from './ledger/config-versions.js';
import { LedgerDatabase } from './ledger/database.js';
import { migrateLedger } from './ledger/migrate.js';
import type { Logger } from './logger.js';
import type { PipelineContext } from './pipeline/context.js';
import { createPipeline } from './pipeline.js';
import { Enqueuer } from './queue/enqueue.js';
import { runPoller } from './queue/poller.js';
import { connectRedis } from './queue/queues.js';
import { runSweeper } from './queue/sweeper.js';
import { startWorkers } from './queue/workers.js';
import { openStorage } from './storage/open-storage.js';
import { SparkRest } from './submit/spark-rest.js';
import { loadHooks } from './transform/load-hooks.js';
import type { Topic } from './types.js';

/** Pollers and sweeper take turns of seconds; longer than this at the end means that one hangs. */
const LOOPS_MAY_TAKE_MS = 20_000;

/** A running control plane. */
export interface ControlPlane {
  readonly context: PipelineContext;
  /** A look at HQ's location types, now; what it finds is planned by the poller of the topic `location`. */
  lookAtTypes(): Promise<void>;
  /** Finishes what is under way (or leaves it to the ledger when `force`), then closes everything. */
  stop(): Promise<void>;
}

/**
 * The composition root: configuration → clients → pipeline → poller, workers and sweeper.
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
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL, {
    leaseSeconds: environment.LEASE_SECONDS,
  });
  await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
  const lake = openStorage(environment.HQ_DATA_PATH, environment);
  const lakeUuid = await openLake(database, lake);
  const versions = new ConfigVersions(database, {
    parse: parseStoredConfig,
    hashKeyCheck: (each) => hashKeyCheck(environment, each),
  });
  await loadHooks(config);
  const configVersionId = await versions.requireActive(config);
  const hq = openHq(environment);
  const context: PipelineContext = {
    environment,
    database,
    checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
    lake,
    hq,
    spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
    appId: appIdOf(lakeUuid),
    owner: `${hostname()}:${process.pid}:${randomUUID()}`,
    logger,
    wantedShape: wantedShapes(loadModels(environment.AGGREGATION_MODELS).all),
    configOf: (versionId) => versions.read(versionId),
    requireHashKey: (versionId) => versions.requireHashKey(versionId),
  };
  const pipeline = createPipeline(context);
  const redis = connectRedis(environment.REDIS_URL);
  const enqueuer = new Enqueuer(database, redis, lakeUuid);
  const kafka = createKafka(
    environment.KAFKA_BOOTSTRAP_SERVER_HOST,
    environment.KAFKA_BOOTSTRAP_SERVER_PORT,
    logger,
  );
  const stopping = new AbortController();
  const loops = [
    ...topics.map((topic) =>
      runPoller({ context, pipeline, enqueuer, kafka, config, configVersionId }, topic, stopping.signal),
    ),
    runSweeper(context, enqueuer, stopping.signal),
  ];
  const workers = startWorkers(pipeline, enqueuer, redis, {
    lakeUuid,
    lockSeconds: environment.LEASE_SECONDS,
    logger,
  });
  return {
    context,
    lookAtTypes: () => pipeline.lookAtTypes({ config, configVersionId }, stopping.signal),
    async stop() {
      stopping.abort();
      // A client that hangs must not keep the process: the ledger's leases run out by themselves.
      await Promise.race([Promise.allSettled(loops), sleep(LOOPS_MAY_TAKE_MS, undefined, { ref: false })]);
      await workers.close();
      await enqueuer.close();
      redis.disconnect();
      await hq.close();
      await database.close();
    },
  };
}

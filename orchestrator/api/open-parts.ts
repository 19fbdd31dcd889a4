import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AggregationContext } from '../aggregation/context.js';
import type { Models } from '../aggregation/models/load-models.js';
import type { IngestionEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import { openHq } from '../extract/hq.js';
import { LivenessCheck } from '../health/liveness.js';
import { readiness } from '../health/probes.js';
import { createKafka } from '../kafka/client.js';
import { KafkaLag } from '../kafka/lag-reader.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import { createMetrics } from '../metrics/create-metrics.js';
import { countMonths } from '../metrics/month-counts.js';
import { PACKAGE_ROOT } from '../package-root.js';
import { QueueDepths } from '../queue/depths.js';
import { openStorage } from '../storage/open-storage.js';
import type { Storage } from '../storage/storage.js';
import type { SparkRest } from '../submit/spark-rest.js';
import type { WorkerLogs } from '../submit/worker-logs.js';
import { LIMITS } from './access/limits.js';
import { activeConfig } from './active-config.js';
import { ChangeFeed } from './events/feed.js';
import type { ApiParts } from './parts.js';

/** What a process shares with the API. */
export interface SharedClients {
  readonly database: LedgerDatabase;
  readonly lake: Storage;
  readonly checkpoint: Storage;
  readonly spark: SparkRest;
  /** Null: SPARK_MASTER_UI_URL is not set. */
  readonly workerLogs: WorkerLogs | null;
  readonly lakeUuid: string;
  readonly logger: Logger;
  configOf(versionId: bigint): Promise<LakeConfig>;
}

/** What the API is told beside. */
export interface ApiSettings {
  readonly environment: IngestionEnvironment;
  readonly models: Models;
  /** Null: this process computes no aggregations; those that do act on what is asked for here. */
  readonly aggregation: AggregationContext | null;
  /** AGG_DATA_PATH, where it is set. */
  readonly aggregatesUrl: string | undefined;
  /** ALERT_WEBHOOK_URL, where it is set. */
  readonly webhook: string | undefined;
  readonly dashboardUrl: string;
  /** Values that must be shown nowhere (config/secrets.ts). */
  readonly secrets: readonly string[];
}

/** The API's own clients. None of them connects before it is needed, and none but the ledger need be there. */
export function openApiParts(
  clients: SharedClients,
  settings: ApiSettings,
): ApiParts & { close(): Promise<void> } {
  const { database, lake, checkpoint, spark, workerLogs, lakeUuid, logger } = clients;
  const { environment, models } = settings;
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = environment;
  const kafka = new KafkaLag(createKafka(host, port, logger));
  const hq = openHq(environment);
  const queues = new QueueDepths(environment.REDIS_URL, lakeUuid);
  const changes = new ChangeFeed(environment.LEDGER_DATABASE_URL);
  const liveness = new LivenessCheck();
  const configOf = (versionId: bigint): Promise<LakeConfig> => clients.configOf(versionId);
  const cluster = async (): Promise<Awaited<ReturnType<WorkerLogs['masters']>>> => {
    const masters = (await workerLogs?.masters()) ?? [];
    if (masters.some(({ status }) => status === 'ALIVE')) return masters;
    throw new LakeError('SPARK_UNREACHABLE', 'No Spark master leads, or none shows its page');
  };
  return {
    ...{ database, logger, kafka, lake, hq, models, queues, changes, configOf, liveness },
    aggregates:
      settings.aggregatesUrl === undefined ? null : openStorage(settings.aggregatesUrl, environment),
    jobs: {
      database,
      checkpoint,
      spark,
      workerLogs,
      aggregation: settings.aggregation,
      secrets: settings.secrets,
      logger,
    },
    driver: { environment, database, checkpoint, spark, logger },
    metrics: createMetrics({
      database,
      kafka,
      queues: () => queues.requireDepths(),
      workers: async () =>
        (await cluster()).flatMap(({ status, workers }) => (status === 'ALIVE' ? workers : [])),
      months: async () => {
        const { config } = await activeConfig({ database, configOf });
        return countMonths({ database, configOf, config, models: models.all });
      },
    }),
    readiness: readiness({
      database,
      kafka,
      lake,
      redis: { ping: async () => `${(await queues.requireDepths()).length}` },
      ...(workerLogs === null ? {} : { spark: cluster }),
      hq: () => hq.locationTypes.read(['-'], { newestPublishTimestamp: null }),
    }),
    webhook: settings.webhook,
    dashboardUrl: settings.dashboardUrl,
    dashboard: join(PACKAGE_ROOT, 'dist', 'dashboard'),
    version: versionOfPackage(),
    limits: LIMITS,
    async close() {
      liveness.close();
      await Promise.all([kafka.close(), queues.close(), changes.close(), hq.close()]);
    },
  };
}

function versionOfPackage(): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../aggregation/model.js';
import type { IngestionEnvironment } from '../config/environment.js';
import { parseStoredConfig } from '../config/lake.js';
import { openHq } from '../extract/hq.js';
import { createKafka } from '../kafka/client.js';
import { KafkaLag } from '../kafka/lag-reader.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import { PACKAGE_ROOT } from '../package-root.js';
import { QueueDepths } from '../queue/depths.js';
import { openStorage } from '../storage/open-storage.js';
import { SparkRest } from '../submit/spark-rest.js';
import { WorkerLogs } from '../submit/worker-logs.js';
import { LIMITS } from './access/limits.js';
import { ChangeFeed } from './events/feed.js';
import type { ApiParts } from './parts.js';

/** What the API is told. */
export interface ApiSettings {
  readonly environment: IngestionEnvironment;
  readonly database: LedgerDatabase;
  readonly models: readonly Model[];
  readonly lakeUuid: string;
  /** AGG_DATA_PATH, SPARK_MASTER_UI_URL: where they are set. */
  readonly aggregatesUrl: string | undefined;
  readonly sparkPages: readonly string[];
  readonly logger: Logger;
}

/** The API's clients, beside the ledger's. None of them connects before it is needed, and none need be there. */
export function openApiParts(settings: ApiSettings): ApiParts & { close(): Promise<void> } {
  const { environment, database, logger, models } = settings;
  const versions = new ConfigVersions(database, { parse: parseStoredConfig, hashKeyCheck: () => null });
  const kafka = new KafkaLag(
    createKafka(environment.KAFKA_BOOTSTRAP_SERVER_HOST, environment.KAFKA_BOOTSTRAP_SERVER_PORT, logger),
  );
  const hq = openHq(environment);
  const checkpoint = openStorage(environment.CHECKPOINT_BASE_DIR, environment);
  const spark = new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET);
  const workerLogs =
    settings.sparkPages.length === 0
      ? null
      : new WorkerLogs(settings.sparkPages, environment.SPARK_REST_SECRET);
  const queues = new QueueDepths(environment.REDIS_URL, settings.lakeUuid);
  const changes = new ChangeFeed(environment.LEDGER_DATABASE_URL);
  return {
    ...{ database, logger, kafka, hq, models, queues, changes },
    lake: openStorage(environment.HQ_DATA_PATH, environment),
    aggregates:
      settings.aggregatesUrl === undefined ? null : openStorage(settings.aggregatesUrl, environment),
    jobs: { database, checkpoint, spark, workerLogs, aggregation: null, logger },
    driver: { environment, database, checkpoint, spark, logger },
    configOf: (versionId) => versions.read(versionId),
    dashboard: join(PACKAGE_ROOT, 'dist', 'dashboard'),
    version: versionOfPackage(),
    limits: LIMITS,
    async close() {
      await Promise.all([kafka.close(), queues.close(), changes.close(), hq.close()]);
    },
  };
}

function versionOfPackage(): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { appIdOf } from '../commit/lane-numbers.js';
import { openLake } from '../commit/lake-identity.js';
import type { IngestionEnvironment } from '../config/environment.js';
import { hashKeyCheck } from '../config/hash-key.js';
import { parseStoredConfig, type LakeConfig } from '../config/lake.js';
import { ConfigVersions } from '../ledger/config-versions.js';
import { LedgerDatabase } from '../ledger/database.js';
import { migrateLedger } from '../ledger/migrate.js';
import type { Logger } from '../logger.js';
import { openStorage } from '../storage/open-storage.js';
import type { Storage } from '../storage/storage.js';
import { SparkRest } from '../submit/spark-rest.js';
import { WorkerLogs } from '../submit/worker-logs.js';

/** Variables that all work on the lake needs, whatever it is. */
export type SharedEnvironment = Pick<
  IngestionEnvironment,
  | 'LEDGER_DATABASE_URL'
  | 'LEDGER_RUNNER_DATABASE_URL'
  | 'LEASE_SECONDS'
  | 'CHECKPOINT_BASE_DIR'
  | 'HQ_DATA_PATH'
  | 'S3_ENDPOINT'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'AWS_SESSION_TOKEN'
  | 'AWS_REGION'
  | 'SPARK_REST_URLS'
  | 'SPARK_REST_SECRET'
  | 'SPARK_MASTER_UI_URL'
  | 'TRANSFORM_HASH_KEY'
>;

/** What every part of a process shares; opened once. */
export interface Clients {
  readonly database: LedgerDatabase;
  readonly lake: Storage;
  readonly checkpoint: Storage;
  readonly spark: SparkRest;
  /** Null: SPARK_MASTER_UI_URL is not set. */
  readonly workerLogs: WorkerLogs | null;
  readonly lakeUuid: string;
  /** `dl/<lake uuid>`: the appId of every transaction number. */
  readonly appId: string;
  /** This process, in leases and logs. */
  readonly owner: string;
  readonly logger: Logger;
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
  configOf(versionId: bigint): Promise<LakeConfig>;
  requireHashKey(versionId: bigint): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the ledger (and brings it to the newest schema), the lake and Spark.
 * @throws LakeError when configuration, ledger and lake do not fit together; nothing is left open then
 */
export async function openClients(
  environment: SharedEnvironment,
  config: LakeConfig,
  logger: Logger,
): Promise<Clients> {
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL, {
    leaseSeconds: environment.LEASE_SECONDS,
  });
  try {
    await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
    const lake = openStorage(environment.HQ_DATA_PATH, environment);
    const lakeUuid = await openLake(database, lake);
    const versions = new ConfigVersions(database, {
      parse: parseStoredConfig,
      hashKeyCheck: (each) => hashKeyCheck(environment, each),
    });
    const { SPARK_REST_URLS, SPARK_REST_SECRET, SPARK_MASTER_UI_URL } = environment;
    return {
      database,
      lake,
      checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
      spark: new SparkRest(SPARK_REST_URLS, SPARK_REST_SECRET),
      workerLogs:
        SPARK_MASTER_UI_URL === undefined ? null : new WorkerLogs(SPARK_MASTER_UI_URL, SPARK_REST_SECRET),
      lakeUuid,
      appId: appIdOf(lakeUuid),
      owner: `${hostname()}:${process.pid}:${randomUUID()}`,
      logger,
      config,
      configVersionId: await versions.requireActive(config),
      configOf: (versionId) => versions.read(versionId),
      requireHashKey: (versionId) => versions.requireHashKey(versionId),
      close: () => database.close(),
    };
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}

// The stage step in a process of its own: plans a batch per list of ids (without Kafka), stages one after another, and
// prints what each cost as a line of JSON. Arguments: domain, file with the lists of ids. Environment as of `ingestion`.
import { readFileSync } from 'node:fs';
import { appIdOf } from '../../orchestrator/commit/lane-numbers.js';
import { openLake } from '../../orchestrator/commit/lake-identity.js';
import { readIngestionEnvironment } from '../../orchestrator/config/environment.js';
import { loadLakeConfig, parseStoredConfig } from '../../orchestrator/config/lake.js';
import { openHq } from '../../orchestrator/extract/hq.js';
import { readBatch } from '../../orchestrator/ledger/batches.js';
import { ConfigVersions } from '../../orchestrator/ledger/config-versions.js';
import { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { withLeases } from '../../orchestrator/ledger/leases.js';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { ensureTopic, planBatch, readTopic } from '../../orchestrator/ledger/planning.js';
import { createLogger } from '../../orchestrator/logger.js';
import { EMPTY_SHAPE } from '../../orchestrator/shape/shape.js';
import type { PipelineContext } from '../../orchestrator/pipeline/context.js';
import { stageBatch } from '../../orchestrator/pipeline/stage-batch.js';
import { writeIds } from '../../orchestrator/plan/id-manifest.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import type { Topic } from '../../orchestrator/types.js';
import { peakMemoryBytes } from './peak-memory.js';

/** What one batch cost this process. */
export interface StageCost {
  readonly ids: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** Of the process so far. */
  readonly peakBytes: number;
}

const TOPIC: Topic = 'form-sql';

const [domain = '', file = ''] = process.argv.slice(2);
const lists = JSON.parse(readFileSync(file, 'utf8')) as readonly (readonly string[])[];
const { context, configVersionId } = await openContext();
for (const ids of lists) {
  const batchId = await plan(ids);
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await stageBatch(context, batchId);
  const { user, system } = process.cpuUsage(cpu);
  const cost: StageCost = {
    ids: ids.length,
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - wall) / 1000,
    peakBytes: peakMemoryBytes(),
  };
  const { state } = await readBatch(context.database, batchId);
  if (state !== 'staged') throw new Error(`batch ${batchId} is ${state}`);
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}
await context.hq.close();
await context.database.close();

async function openContext(): Promise<{ context: PipelineContext; configVersionId: bigint }> {
  const environment = readIngestionEnvironment();
  const database = new LedgerDatabase(environment.LEDGER_DATABASE_URL);
  await migrateLedger(database, environment.LEDGER_RUNNER_DATABASE_URL);
  await ensureTopic(database, TOPIC);
  const lake = openStorage(environment.HQ_DATA_PATH, environment);
  const versions = new ConfigVersions(database, { parse: parseStoredConfig, hashKeyCheck: () => null });
  const context: PipelineContext = {
    wantedShape: () => EMPTY_SHAPE,
    environment,
    database,
    lake,
    checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
    hq: openHq(environment),
    spark: new SparkRest(environment.SPARK_REST_URLS, environment.SPARK_REST_SECRET),
    appId: appIdOf(await openLake(database, lake)),
    owner: `bench:${process.pid}`,
    logger: createLogger({ level: 'warn' }),
    configOf: (versionId) => versions.read(versionId),
    requireHashKey: (versionId) => versions.requireHashKey(versionId),
  };
  return { context, configVersionId: await versions.requireActive(loadLakeConfig(environment.LAKE_CONFIG)) };
}

async function plan(ids: readonly string[]): Promise<bigint> {
  const from = Number((await readTopic(context.database, TOPIC)).plannedUntil.get(0) ?? 0n);
  const entries = ids.map((id, index) => ({ domain, id, partition: 0, offset: String(from + index) }));
  const written = await writeIds(context.checkpoint, entries);
  const batchId = await withLeases(context.database, [`poller:${TOPIC}`], context.owner, async ([lease]) => {
    if (lease === undefined) throw new Error('no lease');
    return planBatch(context.database, lease, {
      topic: TOPIC,
      configVersionId,
      ranges: [{ partition: 0, from: BigInt(from), until: BigInt(from + ids.length) }],
      ...written,
      newestPublishTimestamp: null,
      oddMessages: [],
    });
  });
  if (batchId === undefined) throw new Error('another process is the poller');
  return batchId;
}

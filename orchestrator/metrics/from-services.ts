import type { Queryable } from '../ledger/database.js';
import { topicFigures } from '../ledger/figures.js';
import { committedOffsets } from '../ledger/planning.js';
import { endsOf, partitionLags, type TopicEnds } from '../kafka/lag.js';
import type { Samples } from './samples.js';

/** Lag per partition: the ledger's committed offsets against Kafka's ends. */
export async function addLag(samples: Samples, database: Queryable, kafka: TopicEnds): Promise<void> {
  for (const { topic } of await topicFigures(database)) {
    const ends = await endsOf(kafka, topic);
    if (ends === undefined) continue;
    const lags = partitionLags(await committedOffsets(database, topic), ends);
    for (const [partition, lag] of lags)
      samples.add('dimagi_lake_topic_lag_messages', { topic, partition: String(partition) }, lag);
  }
}

export interface QueueDepth {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
}

export function addQueues(samples: Samples, queues: readonly QueueDepth[]): void {
  for (const { name: queue, waiting, running, delayed } of queues)
    for (const [state, jobs] of Object.entries({ waiting, running, delayed }))
      samples.add('dimagi_lake_queue_jobs', { queue, state }, jobs);
}

export interface SparkWorker {
  /** ALIVE, DEAD, … */
  readonly state: string;
  readonly cores: number;
  readonly coresUsed: number;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
}

const MB = 1024 * 1024;

/** Capacity counts live workers only: what a dead one had is not there. */
export function addCluster(samples: Samples, workers: readonly SparkWorker[]): void {
  const alive = workers.filter((worker) => worker.state === 'ALIVE');
  const sum = (of: (worker: SparkWorker) => number): number =>
    alive.reduce((total, worker) => total + of(worker), 0);
  samples.add('dimagi_lake_spark_workers', { state: 'alive' }, alive.length);
  samples.add('dimagi_lake_spark_workers', { state: 'gone' }, workers.length - alive.length);
  const cores = sum((worker) => worker.coresUsed);
  samples.add('dimagi_lake_spark_cores', { use: 'used' }, cores);
  samples.add('dimagi_lake_spark_cores', { use: 'free' }, sum((worker) => worker.cores) - cores);
  const memory = sum((worker) => worker.memoryUsedMb);
  samples.add('dimagi_lake_spark_memory_bytes', { use: 'used' }, memory * MB);
  samples.add(
    'dimagi_lake_spark_memory_bytes',
    { use: 'free' },
    (sum((worker) => worker.memoryMb) - memory) * MB,
  );
}

/** How a domain's months stand. */
export interface MonthCounts {
  readonly domain: string;
  readonly fresh: number;
  readonly stale: number;
  readonly missing: number;
  readonly failed: number;
}

export function addMonths(samples: Samples, months: readonly MonthCounts[]): void {
  for (const { domain, failed, ...states } of months) {
    for (const [state, count] of Object.entries(states))
      samples.add('dimagi_lake_months', { domain, state }, count);
    samples.add('dimagi_lake_months_failed', { domain }, failed);
  }
}

import { Redis } from 'ioredis';

/**
 * Names and payloads of the BullMQ queues. Redis holds nothing that the ledger can't rebuild: a job is only a hint
 * that a batch has work due, so a flushed Redis costs one sweep.
 */
export type Stage = 'stage' | 'merge';

export interface BatchJob {
  readonly batchId: string;
}

/** Two queues, so that staging of later batches never waits behind merging of earlier ones. */
export const STAGES: readonly Stage[] = ['stage', 'merge'];

/** One lake, one prefix: several lakes may share a Redis. */
export function queuePrefix(lakeUuid: string): string {
  return `dimagi-lake-${lakeUuid}`;
}

/** The same work has the same id, so a job that waits or runs is not queued twice (BullMQ refuses `:` in ids). */
export function jobId(stage: Stage, batchId: bigint): string {
  return `${stage}-${batchId}`;
}

/** What a process shares of Redis. */
export type RedisConnection = Redis;

/** BullMQ needs connections that wait for Redis for as long as it is away. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, enableReadyCheck: true });
  redis.on('error', () => undefined); // told by the workers' own error events, once and with a name
  return redis;
}

import type { TopicEnds } from '../kafka/lag.js';
import type { Queryable } from '../ledger/database.js';
import type { Storage } from '../storage/storage.js';
import { TOPICS } from '../types.js';
import { probe, ReadinessCheck, type Probe } from './readiness.js';

/** What this process works with; what is absent is not asked. */
export interface ReadinessParts {
  readonly database: Queryable;
  readonly redis?: { ping(): Promise<string> } | undefined;
  readonly kafka?: TopicEnds | undefined;
  /** Any question to the Spark master that it answers when it leads. */
  spark?(): Promise<unknown>;
  /** Any question to HQ's databases. */
  hq?(): Promise<unknown>;
  readonly lake?: Storage | undefined;
}

/** Readiness of a process with these parts. */
export function readiness(parts: ReadinessParts): ReadinessCheck {
  const { database, redis, kafka, lake } = parts;
  const probes: (Probe | undefined)[] = [
    probe('ledger', 'LEDGER_FAILED', () => database.query('SELECT 1'), true),
    redis && probe('redis', 'SERVICE_UNREACHABLE', () => redis.ping()),
    kafka && probe('kafka', 'KAFKA_FAILED', () => kafka.watermarks(TOPICS[0])),
    parts.spark && probe('spark', 'SPARK_UNREACHABLE', async () => parts.spark?.()),
    parts.hq && probe('hq', 'HQ_READ_FAILED', async () => parts.hq?.()),
    lake && probe('storage', 'STORAGE_FAILED', () => lake.read('_dimagi_lake/lake.json')),
  ];
  return new ReadinessCheck(probes.filter((each) => each !== undefined));
}

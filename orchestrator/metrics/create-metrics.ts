import { collectDefaultMetrics, Registry, type Metric } from 'prom-client';
import { inTime } from '../health/in-time.js';
import type { TopicEnds } from '../kafka/lag.js';
import type { Queryable } from '../ledger/database.js';
import { FAMILIES, type Family, type FamilyName } from './families.js';
import { addLedger } from './from-ledger.js';
import {
  addCluster,
  addLag,
  addMonths,
  addQueues,
  type MonthCounts,
  type QueueDepth,
  type SparkWorker,
} from './from-services.js';
import { Samples } from './samples.js';

/** Where the metrics come from; what is absent here is absent there. */
export interface MetricsParts {
  readonly database: Queryable;
  readonly kafka?: TopicEnds | undefined;
  queues?(): Promise<readonly QueueDepth[]>;
  workers?(): Promise<readonly SparkWorker[]>;
  /** Working out months reads all that changed, so it is asked seldom. */
  months?(): Promise<readonly MonthCounts[]>;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text. It never throws: a source that does not answer in time is told as `dimagi_lake_source_up` 0. */
  text(): Promise<string>;
}

/** Any number of scrapers cost one look in so long. */
const KEPT_MS = 5_000;
const MONTHS_KEPT_MS = 60_000;
/** Below Prometheus's own patience of ten seconds. */
const SOURCE_MS = 4_000;

/**
 * Metrics of the lake, made from the ledger when they are asked for: so they are whole whatever process did the work, begin
 * at no process's start, and every process tells the same. Scrape one of them, or take `max without (instance)`. Beside
 * them stand the usual ones of this very process (`process_…`, `nodejs_…`).
 */
export function createMetrics(parts: MetricsParts): Metrics {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  const months = kept(MONTHS_KEPT_MS, async () => (await parts.months?.()) ?? []);
  const lake = kept(KEPT_MS, () => lakeText(parts, months));
  return {
    contentType: own.contentType,
    text: async () => `${await lake()}\n${await own.metrics()}`,
  };
}

async function lakeText(parts: MetricsParts, months: () => Promise<readonly MonthCounts[]>): Promise<string> {
  const { kafka, database } = parts;
  const sources: Record<string, ((samples: Samples) => Promise<void>) | undefined> = {
    ledger: (samples) => addLedger(samples, database),
    kafka: kafka && ((samples) => addLag(samples, database, kafka)),
    redis:
      parts.queues &&
      (async (samples) => {
        addQueues(samples, (await parts.queues?.()) ?? []);
      }),
    spark:
      parts.workers &&
      (async (samples) => {
        addCluster(samples, (await parts.workers?.()) ?? []);
      }),
    months:
      parts.months &&
      (async (samples) => {
        addMonths(samples, await months());
      }),
  };
  const all = new Samples();
  const told = await Promise.all(
    Object.entries(sources).map(async ([source, add]) => {
      if (add === undefined) return [];
      // Half of a source would be a false picture: it is all told, or none of it.
      const samples = new Samples();
      const up = await inTime(add(samples), SOURCE_MS).then(
        () => 1,
        () => 0,
      );
      all.add('dimagi_lake_source_up', { source }, up);
      return up === 1 ? [samples] : [];
    }),
  );
  return registryOf([all, ...told.flat()]).metrics();
}

/** prom-client writes the text; the numbers are the ledger's, so each family is one whose values are given. */
function registryOf(all: readonly Samples[]): Registry {
  const registry = new Registry();
  for (const [name, { type, help }] of Object.entries(FAMILIES) as [FamilyName, Family][]) {
    const values = all
      .flatMap((samples) => samples.of(name))
      .map(({ suffix = '', labels, value }) => ({ metricName: name + suffix, labels, value }));
    if (values.length === 0) continue;
    const family = {
      name,
      help,
      type,
      aggregator: 'max',
      get: () => Promise.resolve({ name, help, type, values }),
    };
    registry.registerMetric(family as unknown as Metric);
  }
  return registry;
}

/** Asks at most once in so long, and never twice at a time; who asks meanwhile gets the same answer. A failure is not kept. */
function kept<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (known !== undefined && Date.now() - known.at < forMs) return known.value;
    const value = ask();
    known = { at: Date.now(), value };
    value.catch(() => (known = undefined));
    return value;
  };
}

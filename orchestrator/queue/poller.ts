import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import type { LakeConfig } from '../config/lake.js';
import { asLakeError, LakeError } from '../errors.js';
import { mirrorOffsets, readWatermarks } from '../kafka/client.js';
import { RangeReader } from '../kafka/range-reader.js';
import { withLeases, type Lease } from '../ledger/leases.js';
import { pauseOf } from '../ledger/pauses.js';
import { committedOffsets, ensureTopic } from '../ledger/planning.js';
import type { PipelineContext } from '../pipeline/context.js';
import type { Pipeline } from '../pipeline.js';
import { planReprocessPages } from '../reprocess/plan-pages.js';
import type { PageParts } from '../reprocess/reprocess-parts.js';
import type { Topic } from '../types.js';
import type { Enqueuer } from './enqueue.js';
import { repeat } from './repeat.js';

const MIRROR_EVERY_MS = 5_000;
const MIRROR_TIMEOUT_MS = 30_000;
const FAN_OUT_EVERY_MS = 1_000;
const REPROCESS_EVERY_MS = 1_000;
/** After a look that failed. */
const LOOK_AGAIN_MS = 10_000;

export interface PollerParts {
  readonly context: PipelineContext;
  readonly pipeline: Pipeline;
  readonly enqueuer: Enqueuer;
  readonly kafka: Kafka;
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
}

/**
 * Polls one topic until the signal aborts. Of all processes one leads, by a ledger lease; the others try again. A
 * leader that stalled past its lease is refused in the planning transaction.
 */
export async function runPoller(parts: PollerParts, topic: Topic, signal: AbortSignal): Promise<void> {
  const { context } = parts;
  const pollMs = context.environment.POLL_SECONDS * 1000;
  await repeat(
    `poller ${topic}`,
    pollMs,
    async () => {
      await ensureTopic(context.database, topic);
      await withLeases(context.database, [`poller:${topic}`], context.owner, async ([lease], lost) => {
        if (lease !== undefined) await lead(parts, topic, lease, AbortSignal.any([signal, lost]));
      });
      return false;
    },
    context.logger,
    signal,
  );
}

/** Leads until the lease is lost. Connections last as long as the lead, so a poll costs one request. */
async function lead(parts: PollerParts, topic: Topic, lease: Lease, signal: AbortSignal): Promise<void> {
  const { context, config, configVersionId } = parts;
  const admin = parts.kafka.admin();
  const reader = new RangeReader(parts.kafka, topic);
  try {
    await admin.connect();
    const beside = [
      runMirror(context, admin, topic, signal),
      runReprocess(parts, topic, lease, admin, signal),
    ];
    // The first look comes before the first plan: of what is read after it nothing has to be read again.
    if (topic === 'location') beside.push(followTypes(parts, await lookAtTypes(parts, signal), signal));
    await repeat(
      `poller ${topic}`,
      context.environment.POLL_SECONDS * 1000,
      async () => {
        const batchId = await parts.pipeline.plan({ topic, lease, admin, reader, config, configVersionId });
        if (batchId !== undefined) await parts.enqueuer.enqueueDue();
        return batchId !== undefined;
      },
      context.logger,
      signal,
    );
    await Promise.all(beside);
  } finally {
    await reader.close();
    await admin.disconnect().catch(() => undefined);
  }
}

/** A failure is told, and made good by the next look. @returns when that one is due */
async function lookAtTypes(
  { context, pipeline, ...planning }: PollerParts,
  signal: AbortSignal,
): Promise<number> {
  try {
    await pipeline.lookAtTypes(planning, signal);
    return Date.now() + context.environment.LOCATION_TYPE_POLL_SECONDS * 1000;
  } catch (thrown) {
    const { code, message: reason } = asLakeError(thrown);
    if (!signal.aborted) context.logger.warn('location types not read, to be tried again', { code, reason });
    return Date.now() + LOOK_AGAIN_MS;
  }
}

/** Looks at the location types now and then, and plans what the looks have found, page by page. */
async function followTypes(parts: PollerParts, secondLook: number, signal: AbortSignal): Promise<void> {
  let due = secondLook;
  await repeat(
    'location types',
    FAN_OUT_EVERY_MS,
    async () => {
      if (Date.now() >= due) due = await lookAtTypes(parts, signal);
      if ((await parts.pipeline.fanOut(parts, signal)) > 0) await parts.enqueuer.enqueueDue();
      return false;
    },
    parts.context.logger,
    signal,
  );
}

/**
 * Plans pages of what people asked to have read again, between the live batches. A loop of its own: HQ's lists are slower
 * than Kafka's offsets, and a Kafka that is down does not hold them up.
 */
async function runReprocess(
  { context, enqueuer, kafka, config, configVersionId }: PollerParts,
  topic: Topic,
  lease: Lease,
  admin: Admin,
  signal: AbortSignal,
): Promise<void> {
  const reader = new RangeReader(kafka, topic);
  const parts: PageParts = {
    ...context,
    config,
    configVersionId,
    messages: {
      watermarks: (each) => readWatermarks(admin, each),
      read: (_topic, ranges, onMessage) => reader.read(ranges, onMessage),
    },
  };
  try {
    await repeat(
      `reprocess ${topic}`,
      REPROCESS_EVERY_MS,
      async () => {
        if ((await pauseOf(context.database, { queue: 'reprocess', topic })) !== undefined) return false;
        const isMore = await planReprocessPages(parts, topic, lease, signal);
        if (isMore) await enqueuer.enqueueDue();
        return isMore;
      },
      context.logger,
      signal,
    );
  } finally {
    await reader.close();
  }
}

/** The mirror is for lag tools only, so it never holds up planning: a loop of its own, each turn with an end. */
async function runMirror(
  context: PipelineContext,
  admin: Admin,
  topic: Topic,
  signal: AbortSignal,
): Promise<void> {
  let mirrored = '';
  await repeat(
    `offset mirror ${topic}`,
    MIRROR_EVERY_MS,
    async () => {
      const committed = await committedOffsets(context.database, topic);
      const now = [...committed].join(';');
      if (now === mirrored) return false;
      const ended = sleep(MIRROR_TIMEOUT_MS, 'timeout', { signal });
      if ((await Promise.race([mirrorOffsets(admin, topic, committed), ended])) === 'timeout') {
        throw new LakeError('KAFKA_FAILED', `Kafka did not take the group offsets of ${topic}`);
      }
      mirrored = now;
      return false;
    },
    context.logger,
    signal,
  );
}

import type { Settings } from '../config/settings.js';
import { asLakeError, LakeError } from '../errors.js';
import { openHq } from '../extract/hq.js';
import { createKafka, readWatermarks } from '../kafka/client.js';
import { RangeReader } from '../kafka/range-reader.js';
import { pauseOf } from '../ledger/pauses.js';
import { dueReconciles, endReconcile } from '../ledger/reconciles.js';
import type { Logger } from '../logger.js';
import { repeat } from '../queue/repeat.js';
import { SETTLE_SECONDS, spanOf, WAIT_SECONDS, type ReconcileParts } from '../reconcile/parts.js';
import { reconcile } from '../reconcile/reconcile.js';
import type { Messages } from '../reprocess/reprocess-parts.js';
import type { Topic } from '../types.js';
import { openClients, type Clients } from './clients.js';
import type { Ingestion } from './ingestion.js';
import { loopingPart, type Part } from './part.js';

/** What a reconcile works with; everything ends with the act. */
export async function withReconcile<T>(
  { environment, config }: Settings,
  logger: Logger,
  act: (parts: ReconcileParts) => Promise<T>,
): Promise<T> {
  const clients = await openClients(environment, config, logger);
  const hq = openHq(environment);
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = environment;
  const messages = openMessages(host, port, logger);
  try {
    return await act({ ...clients, environment, hq, messages });
  } finally {
    await messages.close();
    await hq.close();
    await clients.close();
  }
}

/** How often it is looked for what was asked for. */
const LOOK_EVERY_MS = 2_000;
/** A step under way may be a read of HQ or of Spark; what was not done waits for the next process. */
const MAY_TAKE_MS = 20_000;

/** Works on comparisons that were asked for, one after the other; of all processes one does each. */
export function startReconciles({ context }: Ingestion, clients: Clients): Part {
  const { environment, hq, logger, database } = context;
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = environment;
  const messages = openMessages(host, port, logger);
  const parts: ReconcileParts = { ...clients, environment, hq, messages };
  const loop = loopingPart(
    (signal) => [
      repeat(
        'reconciles',
        LOOK_EVERY_MS,
        async () => {
          if ((await pauseOf(database, { queue: 'reprocess' })) !== undefined) return false;
          const [due] = await dueReconciles(database);
          if (due !== undefined) await reconcileDue(parts, due, signal);
          return false;
        },
        logger,
        signal,
      ),
    ],
    MAY_TAKE_MS,
  );
  return {
    async stop() {
      await loop.stop();
      await messages.close();
    },
  };
}

/** What it failed of stands with the run; only an end of the process lets it wait. */
async function reconcileDue(
  parts: ReconcileParts,
  { id, from, until, ...due }: Awaited<ReturnType<typeof dueReconciles>>[number],
  signal: AbortSignal,
): Promise<void> {
  const ask = { ...due, span: spanOf(from, until), settleSeconds: SETTLE_SECONDS, waitSeconds: WAIT_SECONDS };
  const facts = { job: `reconcile-${id}`, domain: due.domain };
  try {
    const { differences, unjudged } = await reconcile(parts, ask, signal, () => undefined, id);
    parts.logger.info('reconciled', { ...facts, differences, unjudged });
  } catch (thrown) {
    const { code, message } = asLakeError(thrown);
    if (code === 'RECONCILE_RUNNING' || signal.aborted) return;
    parts.logger.warn('not reconciled', { ...facts, code, reason: message });
    await endReconcile(parts.database, id, 'failed', { code, text: message });
  }
}

/** Connections are made when first needed and stay: a reader's first range costs a group join. */
function openMessages(host: string, port: number, logger: Logger): Messages & { close(): Promise<void> } {
  const kafka = createKafka(host, port, logger);
  const admin = kafka.admin();
  const readers = new Map<Topic, RangeReader>();
  let connected: Promise<void> | undefined;
  return {
    async watermarks(topic) {
      connected ??= admin.connect();
      await connected.catch((cause: unknown) => {
        connected = undefined;
        throw new LakeError('KAFKA_FAILED', `Kafka does not answer at ${host}:${port}`, { cause });
      });
      return readWatermarks(admin, topic);
    },
    async read(topic, ranges, onMessage) {
      const reader = readers.get(topic) ?? new RangeReader(kafka, topic);
      readers.set(topic, reader);
      await reader.read(ranges, onMessage);
    },
    async close() {
      for (const reader of readers.values()) await reader.close();
      await admin.disconnect().catch(() => undefined);
    },
  };
}

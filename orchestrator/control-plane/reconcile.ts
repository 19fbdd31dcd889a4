import type { Settings } from '../config/settings.js';
import { LakeError } from '../errors.js';
import { openHq } from '../extract/hq.js';
import { createKafka, readWatermarks } from '../kafka/client.js';
import { RangeReader } from '../kafka/range-reader.js';
import type { Logger } from '../logger.js';
import type { ReconcileParts } from '../reconcile/parts.js';
import type { Messages } from '../reprocess/reprocess-parts.js';
import type { Topic } from '../types.js';
import { openClients } from './clients.js';

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

import { Kafka, logLevel, Partitioners, type ICustomPartitioner, type Producer } from 'kafkajs';
import type { Clock } from './clock.js';

/** The fields of HQ's ChangeMeta that a caller decides; the feed adds times and attempts. */
export interface Change {
  readonly document_id: string;
  readonly document_rev?: string | null;
  readonly data_source_type?: 'sql' | 'couch';
  readonly data_source_name: string;
  readonly document_type: string | null;
  readonly document_subtype: string | null;
  readonly domain: string | null;
  readonly is_deletion: boolean;
  readonly attempts?: number;
  /** Default: now, as at a first publication. */
  readonly original_publication_datetime?: string;
  readonly associated_document_id?: string | null;
}

/** A message as it stands in Kafka: every declared field, null where unset. */
export type ChangeMeta = Readonly<Record<string, string | number | boolean | null>>;

export interface PublishOptions {
  /** All messages go to this partition; otherwise they are spread round robin, never by key. */
  readonly partition?: number;
}

export interface ChangeFeed {
  /** Change documents in their order: for each topic, one message per change. */
  send(topic: string, changes: readonly Change[], options?: PublishOptions): Promise<void>;
  /** Any value under any key, for messages HQ should never have sent. */
  sendRaw(
    topic: string,
    key: string | null,
    value: string | Buffer | null,
    options?: PublishOptions,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface KafkaOptions {
  readonly brokers: readonly string[];
  /**
   * `backlog`: HQ's "shortest backlog" partitioner, in effect: messages of one document land on any partition
   * (default). `key`: by the hash of the id, as HQ does without it.
   */
  readonly partitioner?: 'backlog' | 'key';
  /** Which HQ speaks: an older one lacks the last two keys, a newer one has some that nobody knows yet. */
  readonly release?: 'older' | 'current' | 'newer';
}

export interface FeedOptions {
  /** Null: changes only go to `onChange`. */
  readonly kafka: KafkaOptions | null;
  readonly clock: Clock;
  readonly onChange?: (topic: string, change: ChangeMeta) => void;
}

/** Brokers refuse requests over a megabyte; a change has about half a kilobyte. */
const MESSAGES_PER_REQUEST = 500;

interface Message {
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly partition?: number;
}

export async function openChangeFeed(options: FeedOptions): Promise<ChangeFeed> {
  const producer = options.kafka === null ? null : await connect(options.kafka);
  const wording = WORDINGS[options.kafka?.release ?? 'current'];
  const deliver = async (topic: string, messages: Message[]): Promise<void> => {
    for (let at = 0; at < messages.length && producer !== null; at += MESSAGES_PER_REQUEST) {
      await producer.send({ topic, acks: 1, messages: messages.slice(at, at + MESSAGES_PER_REQUEST) });
    }
  };
  return {
    async send(topic, changes, { partition } = {}) {
      const messages = changes.map((change) => {
        const meta = wording(changeMeta(change, options.clock));
        options.onChange?.(topic, meta);
        return {
          key: change.document_id,
          value: JSON.stringify(meta),
          ...(partition === undefined ? {} : { partition }),
        };
      });
      await deliver(topic, messages);
    },
    async sendRaw(topic, key, value, { partition } = {}) {
      await deliver(topic, [{ key, value, ...(partition === undefined ? {} : { partition }) }]);
    },
    async close() {
      await producer?.disconnect();
    },
  };
}

function changeMeta(change: Change, clock: Clock): ChangeMeta {
  return {
    document_id: change.document_id,
    document_rev: change.document_rev ?? null,
    data_source_type: change.data_source_type ?? 'sql',
    data_source_name: change.data_source_name,
    document_type: change.document_type,
    document_subtype: change.document_subtype,
    domain: change.domain,
    is_deletion: change.is_deletion,
    publish_timestamp: clock.next(),
    attempts: change.attempts ?? 0,
    original_publication_datetime: change.original_publication_datetime ?? clock.next(),
    associated_document_id: change.associated_document_id ?? null,
  };
}

const WORDINGS: Readonly<Record<NonNullable<KafkaOptions['release']>, (meta: ChangeMeta) => ChangeMeta>> = {
  current: (meta) => meta,
  older: (meta) => {
    const late = ['original_publication_datetime', 'associated_document_id'];
    return Object.fromEntries(Object.entries(meta).filter(([key]) => !late.includes(key)));
  },
  newer: (meta) => ({ ...meta, trace_id: meta['document_id'] ?? null, schema_version: 3 }),
};

async function connect({ brokers, partitioner }: KafkaOptions): Promise<Producer> {
  const kafka = new Kafka({
    clientId: 'hq-sim',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  });
  const producer = kafka.producer({
    createPartitioner: partitioner === 'key' ? Partitioners.DefaultPartitioner : roundRobin,
    allowAutoTopicCreation: false,
    // So that a partition added to a topic is used at once and not in five minutes.
    metadataMaxAge: 1_000,
  });
  await producer.connect();
  return producer;
}

const roundRobin: ICustomPartitioner = () => {
  const turns = new Map<string, number>();
  return ({ topic, partitionMetadata, message }) => {
    if (typeof message.partition === 'number') return message.partition;
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, turn + 1);
    const partitions = partitionMetadata.map((partition) => partition.partitionId).sort((a, b) => a - b);
    return partitions[turn % partitions.length] ?? 0;
  };
};

import type { Model } from '../aggregation/model.js';
import type { IngestionEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import type { HqSource } from '../extract/request.js';
import type { Watermarks } from '../kafka/client.js';
import type { RangeMessage } from '../kafka/range-reader.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import type { Storage } from '../storage/storage.js';
import type { JsonObject, ManifestEntry, OffsetRange, Topic } from '../types.js';

/** Kafka's messages, as far as somebody asks for offsets. */
export interface Messages {
  /** @throws LakeError KAFKA_FAILED */
  watermarks(topic: Topic): Promise<ReadonlyMap<number, Watermarks>>;
  /** @throws LakeError KAFKA_FAILED */
  read(
    topic: Topic,
    ranges: readonly OffsetRange[],
    onMessage: (message: RangeMessage) => void,
  ): Promise<void>;
}

/** What asking for a reprocess needs. */
export interface RequestParts {
  readonly database: LedgerDatabase;
  /** The active lake.yaml. */
  readonly config: LakeConfig;
  /** Where Kafka can be asked: offsets that it no longer holds are refused at once. */
  readonly messages?: Pick<Messages, 'watermarks'>;
}

/** What planning its pages needs beside; one process per topic does, the poller's leader. */
export interface PageParts extends RequestParts {
  readonly configVersionId: bigint;
  readonly environment: Pick<IngestionEnvironment, 'MAX_RECORDS_TO_PROCESS'>;
  readonly checkpoint: Storage;
  readonly hq: Pick<HqSource, 'records'>;
  readonly messages: Messages;
  readonly logger: Logger;
}

/** The next records of a part, and where it goes on when they are planned. */
export interface ListedEntries {
  readonly entries: readonly ManifestEntry[];
  readonly progress: JsonObject;
  readonly done: boolean;
}

/** What a dry run needs. */
export interface PreviewParts extends RequestParts {
  readonly hq: Pick<HqSource, 'records'>;
  readonly models: readonly Model[];
  configOf(versionId: bigint): Promise<LakeConfig>;
  readonly signal?: AbortSignal;
}

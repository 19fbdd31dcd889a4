import type { IngestionEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import type { HqSource } from '../extract/request.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import type { ShapeNode } from '../shape/shape.js';
import type { Storage } from '../storage/storage.js';
import type { SparkRest } from '../submit/spark-rest.js';

/** What the stages need of the outside world; made once in main.ts. */
export interface PipelineContext {
  readonly environment: IngestionEnvironment;
  readonly database: LedgerDatabase;
  readonly checkpoint: Storage;
  readonly lake: Storage;
  readonly hq: HqSource;
  readonly spark: SparkRest;
  /** `dl/<lake uuid>`: the appId of every transaction number. */
  readonly appId: string;
  /** This process, in leases and logs. */
  readonly owner: string;
  readonly logger: Logger;
  /** Paths that a table's free part is to have before any record brings them: aggregations read them. */
  wantedShape(tableName: string): ShapeNode;
  /** The lake configuration a batch was planned with. */
  configOf(versionId: bigint): Promise<LakeConfig>;
  /** @throws LakeError HASH_KEY_DIFFERS when this process may not stage batches of a version */
  requireHashKey(versionId: bigint): Promise<void>;
}

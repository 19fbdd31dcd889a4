import type { AggregationContext } from '../aggregation/context.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import type { Storage } from '../storage/storage.js';
import type { SparkRest } from '../submit/spark-rest.js';
import type { WorkerLogs } from '../submit/worker-logs.js';

/** What looking at jobs and acting on them needs of the outside world; made once in control-plane/. */
export interface JobParts {
  readonly database: LedgerDatabase;
  /** CHECKPOINT_BASE_DIR: scripts and results of runs. */
  readonly checkpoint: Storage;
  readonly spark: SparkRest;
  /** Null: SPARK_MASTER_UI_URL is not set, so drivers' logs can't be read. */
  readonly workerLogs: WorkerLogs | null;
  /** Null: this process has no variables of aggregations; they are then acted on by the processes that have. */
  readonly aggregation: AggregationContext | null;
  /** Values that must be shown nowhere: passwords and keys of this process's environment. */
  readonly secrets: readonly string[];
  readonly logger: Logger;
}

/** Who does something, and why: stands beside what it changes. */
export interface Act {
  readonly by: string;
  readonly reason: string;
}

import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Models } from '../aggregation/models/load-models.js';
import type { LakeConfig } from '../config/lake.js';
import type { HqSource } from '../extract/request.js';
import type { LivenessCheck } from '../health/liveness.js';
import type { ReadinessCheck } from '../health/readiness.js';
import type { JobParts } from '../jobs/parts.js';
import type { KafkaLag } from '../kafka/lag-reader.js';
import type { LedgerDatabase } from '../ledger/database.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics/create-metrics.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import type { Storage } from '../storage/storage.js';
import type { Limits } from './access/limits.js';
import type { ChangeFeed } from './events/feed.js';

/** A Fastify whose handlers take and give what the route's zod schemas say. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes need of the outside world; made once by server.ts. None of it need be there when the API starts but the ledger. */
export interface ApiParts {
  readonly database: LedgerDatabase;
  readonly logger: Logger;
  readonly kafka: KafkaLag;
  readonly lake: Storage;
  /** AGG_DATA_PATH; null: not set. */
  readonly aggregates: Storage | null;
  readonly hq: Pick<HqSource, 'raw' | 'records'>;
  readonly jobs: JobParts;
  readonly driver: DriverContext;
  readonly models: Models;
  readonly changes: ChangeFeed;
  readonly queues: QueueReader;
  readonly configOf: (versionId: bigint) => Promise<LakeConfig>;
  readonly metrics: Metrics;
  readonly readiness: ReadinessCheck;
  readonly liveness: LivenessCheck;
  /** Who is told of alerts; undefined: nobody. */
  readonly webhook: string | undefined;
  /** Where the dashboard is, for links in alerts. */
  readonly dashboardUrl: string;
  /** Folder of the built dashboard. */
  readonly dashboard: string;
  readonly version: string;
  readonly limits: Limits;
}

/** How full the queues are; null when Redis does not answer. */
export interface QueueReader {
  depths(): Promise<readonly QueueDepth[] | null>;
}

export interface QueueDepth {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
}

import type { AggregationEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import type { PipelineContext } from '../pipeline/context.js';
import type { Storage } from '../storage/storage.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { Models } from './models/load-models.js';

/** What aggregations need of the outside world; made once by open-context.ts. */
export interface AggregationContext
  extends DriverContext, Pick<PipelineContext, 'lake' | 'appId' | 'owner' | 'configOf'> {
  readonly environment: AggregationEnvironment;
  /** AGG_DATA_PATH. */
  readonly aggregates: Storage;
  readonly warehouse: Warehouse;
  readonly models: Models;
  /** The active configuration. */
  readonly config: LakeConfig;
  readonly configVersionId: bigint;
}

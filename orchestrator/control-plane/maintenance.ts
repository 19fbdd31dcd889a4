import type { StorageEnvironment } from '../config/environment.js';
import { PATIENCE, type MaintenanceContext, type MaintenanceEnvironment } from '../maintenance/context.js';
import { OPTIMIZE_RULE, VACUUM_RULE } from '../maintenance/rule.js';
import { runMaintenance } from '../maintenance/schedule.js';
import { openStorage } from '../storage/open-storage.js';
import type { Clients } from './clients.js';
import { loopingPart, type Part } from './part.js';

/** A statement under way is left to its driver; whoever looks next settles it by the Delta log. */
const MAY_TAKE_MS = 5_000;

export interface MaintenanceSettings {
  readonly environment: MaintenanceEnvironment & StorageEnvironment;
  /** AGG_DATA_PATH; undefined: the tables of aggregations are left to processes that know it. */
  readonly aggregatesUrl: string | undefined;
}

/** What maintenance needs, out of what the process has opened. */
export function maintenanceContext(
  clients: Pick<Clients, 'database' | 'checkpoint' | 'lake' | 'spark' | 'owner' | 'logger'>,
  { environment, aggregatesUrl }: MaintenanceSettings,
): MaintenanceContext {
  const { database, checkpoint, lake, spark, owner, logger } = clients;
  return {
    ...{ environment, database, checkpoint, lake, spark, owner, logger },
    aggregates: aggregatesUrl === undefined ? null : openStorage(aggregatesUrl, environment),
    rules: { optimize: OPTIMIZE_RULE, vacuum: VACUUM_RULE },
    patience: PATIENCE,
  };
}

/** Compacts tables and deletes old files, in the hours of the window. */
export function startMaintenance(clients: Clients, settings: MaintenanceSettings): Part {
  const context = maintenanceContext(clients, settings);
  return loopingPart((signal) => [runMaintenance(context, signal)], MAY_TAKE_MS);
}

import type { IngestionEnvironment } from '../config/environment.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import type { Storage } from '../storage/storage.js';
import type { SubmitEnvironment } from '../submit/driver-request.js';
import type { OptimizeRule, VacuumRule } from './rule.js';

export type MaintenanceEnvironment = SubmitEnvironment &
  Pick<IngestionEnvironment, 'MAINTENANCE_WINDOW' | 'MAINTENANCE_TIME_ZONE'>;

/** What maintenance needs of the outside world. */
export interface MaintenanceContext extends DriverContext {
  readonly environment: MaintenanceEnvironment;
  readonly lake: Storage;
  /** AGG_DATA_PATH; null: this process knows of none, and leaves those tables to others. */
  readonly aggregates: Storage | null;
  /** This process, in leases. */
  readonly owner: string;
  readonly rules: { readonly optimize: OptimizeRule; readonly vacuum: VacuumRule };
  readonly patience: Patience;
}

/** How maintenance makes room for merges. */
export interface Patience {
  /** So long it waits for a moment at which no merge waits for the table; then it takes its turn between two of them. */
  readonly quietMs: number;
  /** After so long without a turn the table is left for another time. */
  readonly mostMs: number;
}

export const PATIENCE: Patience = { quietMs: 60_000, mostMs: 300_000 };

import type { LakeConfig } from '../config/lake.js';
import type { HqSource } from '../extract/request.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import type { Storage } from '../storage/storage.js';
import type { IngestionEnvironment } from '../config/environment.js';
import type { Messages } from '../reprocess/reprocess-parts.js';

/** What a reconcile needs of the outside world. */
export interface ReconcileParts extends DriverContext {
  readonly environment: IngestionEnvironment;
  readonly lake: Storage;
  readonly hq: Pick<HqSource, 'extract' | 'locationTypes' | 'revisions'>;
  readonly messages: Messages;
  /** `dl/<lake uuid>`. */
  readonly appId: string;
  /** This process, in leases. */
  readonly owner: string;
  /** The active lake.yaml. */
  readonly config: LakeConfig;
}

/** What somebody asks to have compared. */
export interface ReconcileAsk {
  readonly domain: string;
  /** Names of tables; empty: all of the domain. */
  readonly tables: readonly string[];
  /** Days of revisions since 1970, UTC, from inclusive, until exclusive; null: all. */
  readonly span: { readonly from: number; readonly until: number } | null;
  readonly repair: boolean;
  readonly by: string;
  /** How late a message of HQ's may come after its change. */
  readonly settleSeconds: number;
  /** How long changes on their way are waited for. */
  readonly waitSeconds: number;
}

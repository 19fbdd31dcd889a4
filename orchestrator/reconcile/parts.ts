import type { IngestionEnvironment } from '../config/environment.js';
import type { LakeConfig } from '../config/lake.js';
import type { HqSource } from '../extract/request.js';
import type { DriverContext } from '../pipeline/give-to-driver.js';
import type { Storage } from '../storage/storage.js';
import type { Messages } from '../reprocess/reprocess-parts.js';
import { LakeError } from '../errors.js';
import { dayNumber } from './digest.js';

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

/** HQ's messages come within seconds of the change; Kafka between two data centres takes longer. */
export const SETTLE_SECONDS = 15;
export const WAIT_SECONDS = 300;

/** Of four-digit years, which both databases and we read alike. */
const FIRST_DAY = -719_162; // 0001-01-01
const LAST_DAY = 2_932_896; // 9999-12-31

/** @param from ISO date; @param until exclusive @throws LakeError SCOPE_INVALID */
export function spanOf(from: string | null, until: string | null): ReconcileAsk['span'] {
  if (from === null && until === null) return null;
  const first = from === null ? FIRST_DAY : dayNumber(from);
  const end = until === null ? LAST_DAY : dayNumber(until);
  if (first === undefined || end === undefined)
    throw new LakeError('SCOPE_INVALID', 'from and until are days such as 2026-01-31');
  if (first < end) return { from: first, until: end };
  throw new LakeError('SCOPE_INVALID', `from (${from ?? ''}) must be before until (${until ?? ''})`);
}

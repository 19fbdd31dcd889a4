import type { Storage } from '../storage/storage.js';
import { asRecord, commitsBehind, readCommit, stringsOf } from './delta-log.js';

/** A commit that OPTIMIZE or VACUUM has made. */
export interface MaintenanceCommit {
  readonly version: bigint;
  /** `OPTIMIZE`, `VACUUM START`, `VACUUM END`. */
  readonly operation: string;
  readonly metrics: Readonly<Record<string, string>>;
}

/** The commits behind a version that name a maintenance run in their userMetadata, first to last. */
export async function maintenanceCommits(
  storage: Storage,
  path: string,
  behind: bigint,
  maintenanceId: bigint,
): Promise<MaintenanceCommit[]> {
  const found: MaintenanceCommit[] = [];
  for (const version of await commitsBehind(storage, path, behind)) {
    const actions = await readCommit(storage, path, version);
    const info = asRecord(actions.map((action) => action['commitInfo']).find((each) => each !== undefined));
    if (info['userMetadata'] !== JSON.stringify({ maintenance: maintenanceId.toString() })) continue;
    const operation = typeof info['operation'] === 'string' ? info['operation'] : '';
    found.push({ version, operation, metrics: stringsOf(asRecord(info['operationMetrics'])) });
  }
  return found;
}

/**
 * Whether any row may differ between two versions: what OPTIMIZE and VACUUM commit changes none. A log that does not reach
 * back so far may hide a change.
 */
export async function changesRows(
  storage: Storage,
  path: string,
  from: bigint,
  to: bigint,
): Promise<boolean> {
  for (let version = from + 1n; version <= to; version++) {
    let actions;
    try {
      actions = await readCommit(storage, path, version);
    } catch {
      return true;
    }
    const isChange = actions.some(
      (action) =>
        action['metaData'] !== undefined ||
        action['protocol'] !== undefined ||
        asRecord(action['add'])['dataChange'] === true ||
        asRecord(action['remove'])['dataChange'] === true,
    );
    if (isChange) return true;
  }
  return false;
}

import { LakeError } from '../errors.js';
import type { Lane, MergeFacts } from '../ledger/lanes.js';
import type { Storage } from '../storage/storage.js';
import { findCommit, readTableState } from './delta-log.js';

/** What userMetadata of each commit of ours holds. */
export interface CommitMetadata {
  readonly lane: string;
  readonly run: string;
  readonly batch: string;
}

/**
 * Looks the lane's MERGE up in the Delta log; nothing else counts as merged (design section 4).
 * @returns undefined when the log does not hold it: the statement has to run (again)
 * @throws LakeError STATEMENT_SKIPPED when the log is past the number without holding this lane's commit,
 *   ROWS_MISCOUNTED when Spark read another number of rows than was staged
 */
export async function verifyLane(
  lake: Storage,
  tablePath: string,
  appId: string,
  mergeTxn: bigint,
  lane: Lane,
): Promise<MergeFacts | undefined> {
  const state = await readTableState(lake, tablePath, appId);
  if (state === undefined || state.txnVersion < mergeTxn) return undefined;
  const commit = await findCommit(lake, tablePath, appId, mergeTxn);
  const metadata = commit === undefined ? undefined : parseMetadata(commit.userMetadata);
  if (commit === undefined || metadata?.lane !== lane.id.toString()) {
    throw new LakeError(
      'STATEMENT_SKIPPED',
      `${tablePath}: transaction ${mergeTxn} is not lane ${lane.id}'s commit`,
      {
        facts: { tablePath, laneId: lane.id.toString(), mergeTxn: mergeTxn.toString() },
      },
    );
  }
  const count = (metric: string): number => Number(commit.metrics[metric] ?? 0);
  const staged = lane.upserts + lane.deletes;
  if (count('numSourceRows') !== staged) {
    throw new LakeError(
      'ROWS_MISCOUNTED',
      `${tablePath}: Spark read ${count('numSourceRows')} of ${staged} staged rows`,
      {
        facts: { tablePath, laneId: lane.id.toString(), version: commit.version.toString() },
      },
    );
  }
  const inserted = count('numTargetRowsInserted');
  const updated = count('numTargetRowsUpdated');
  return {
    deltaVersion: commit.version,
    inserted,
    updated,
    deleted: count('numTargetRowsDeleted'),
    refused: lane.upserts - inserted - updated,
    seconds: count('executionTimeMs') / 1000,
    runId: metadata.run,
  };
}

function parseMetadata(text: string | undefined): CommitMetadata | undefined {
  try {
    const json: unknown = JSON.parse(text ?? '');
    if (typeof json !== 'object' || json === null) return undefined;
    const { lane, run, batch } = json as Record<string, unknown>;
    if (typeof lane !== 'string' || typeof run !== 'string' || typeof batch !== 'string') return undefined;
    return { lane, run, batch };
  } catch {
    // Another writer's metadata: not ours.
    return undefined;
  }
}

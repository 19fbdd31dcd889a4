import type { BatchFacts, LaneFacts, RunFacts } from '../ledger/batch-history.js';
import { paint } from './terminal/paint.js';
import { printFacts, printLine, printTable } from './terminal/print.js';

/** All the ledger knows of one batch, for people. */
export function printBatch(batch: BatchFacts, lanes: readonly LaneFacts[], runs: readonly RunFacts[]): void {
  printFacts({
    batch: batch.id,
    topic: batch.topic,
    sequence: batch.sequence,
    kind: batch.kind,
    state: batch.state,
    offsets: batch.ranges.map(({ partition, from, until }) => `${partition}:${from}-${until}`).join(' '),
    ids: batch.ids,
    quarantined: batch.quarantined,
    planned: batch.plannedAt,
    staged: batch.stagedAt,
    merged: batch.mergedAt,
    committed: batch.committedAt,
    extraction: batch.extraction,
    attempts: batch.attempts,
    'next attempt': batch.nextAttemptAt,
    failure: failureOf(batch),
  });
  if (lanes.length > 0) printLanes(lanes);
  if (runs.length > 0) printRuns(runs);
}

function printLanes(lanes: readonly LaneFacts[]): void {
  printLine('\nIts tables:');
  printTable(
    [
      'table',
      'state',
      'upserts',
      'deletes',
      'inserted',
      'updated',
      'deleted',
      'refused',
      'seconds',
      'version',
      'attempts',
    ],
    lanes.map((lane) => [
      lane.table,
      lane.state,
      lane.upserts,
      lane.deletes,
      lane.inserted ?? '-',
      lane.updated ?? '-',
      lane.deleted ?? '-',
      lane.refused ?? '-',
      lane.seconds?.toFixed(1) ?? '-',
      lane.deltaVersion ?? '-',
      lane.attempts,
    ]),
  );
  for (const lane of lanes) {
    const failure = failureOf(lane);
    if (failure !== null) printLine(paint('red', `${lane.table}: ${failure}`));
  }
}

function printRuns(runs: readonly RunFacts[]): void {
  printLine('\nIts runs on Spark, with scripts and result under CHECKPOINT_BASE_DIR:');
  printTable(
    ['run', 'state', 'tables', 'submission', 'driver', 'created', 'claimed', 'finished', 'folder'],
    runs.map((run) => [
      run.id,
      run.state,
      run.lanes,
      run.submissionId ?? '-',
      run.driver ?? '-',
      run.createdAt,
      run.claimedAt ?? '-',
      run.finishedAt ?? '-',
      run.path,
    ]),
  );
  for (const run of runs) if (run.reason !== null) printLine(paint('yellow', `run ${run.id}: ${run.reason}`));
}

function failureOf({ failureClass, failure }: Pick<LaneFacts, 'failureClass' | 'failure'>): string | null {
  return failure === null ? null : [failureClass, failure].filter((part) => part !== null).join(': ');
}

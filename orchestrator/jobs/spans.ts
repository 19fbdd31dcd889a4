import type { JobDetail } from '../api/schemas/jobs.js';
import type { BatchTimes, LaneTime, RunRecord, StepTime } from '../ledger/job-facts.js';

type Span = JobDetail['spans'][number];

/** A batch as a waterfall: waiting, staging, then for each run its driver's start and the lanes side by side, the commit. */
export function batchSpans(
  batch: BatchTimes,
  runs: readonly RunRecord[],
  lanes: readonly LaneTime[],
): Span[] {
  const { plannedAt, extractionBeganAt: began, stagedAt, committedAt } = batch;
  const spans: Span[] = [
    bar('wait', {
      from: plannedAt,
      until: began ?? stagedAt,
      attempt: 1,
      state: began === null ? 'waiting' : 'done',
    }),
  ];
  if (began !== null || stagedAt !== null) {
    const isFailed = stagedAt === null && batch.attempts > 0;
    spans.push(
      bar('stage', {
        from: began ?? plannedAt,
        // A failed attempt has no end in the ledger; that it has ended is all that is known.
        until: stagedAt ?? (isFailed ? (began ?? plannedAt) : null),
        attempt: batch.extraction,
        state: stagedAt !== null ? 'done' : isFailed ? 'failed' : 'running',
        rows: stagedAt === null ? null : String(batch.ids),
      }),
    );
  }
  runs.forEach((run, at) => {
    spans.push(...runSpans(run, at + 1, 'merge'));
    for (const lane of lanes) {
      if (lane.runId !== run.id || lane.from === null) continue;
      spans.push(
        bar('merge', {
          ...{ of: lane.table, from: lane.from, until: lane.until, attempt: at + 1 },
          ...{ state: 'done', rows: lane.rows },
        }),
      );
    }
  });
  const merged = lanes.map((lane) => lane.until);
  const last = merged.includes(null) ? null : (merged.sort().at(-1) ?? stagedAt);
  if (last !== null)
    spans.push(
      bar('commit', {
        ...{ from: last, until: committedAt, attempt: 1, state: committedAt === null ? 'running' : 'done' },
      }),
    );
  return spans;
}

/** An aggregation's steps, and the runs on Spark that they took. */
export function aggregationSpans(steps: readonly StepTime[]): Span[] {
  return steps.map(({ step, state, attempts, rows, from, until }) =>
    bar(step, { from, until, attempt: attempts, state, rows }),
  );
}

/** Waiting for the driver, then the statement. */
export function maintenanceSpans(runs: readonly RunRecord[], work: string): Span[] {
  return runs.flatMap((run, at) => runSpans(run, at + 1, work));
}

function runSpans(run: RunRecord, attempt: number, work: string): Span[] {
  const isOver = run.finishedAt !== null;
  const outcome = run.state === 'done' ? 'done' : isOver ? 'failed' : 'running';
  const start = bar('start driver', {
    from: run.createdAt,
    until: run.claimedAt ?? run.finishedAt,
    attempt,
    state: run.claimedAt === null ? outcome : 'done',
  });
  if (run.claimedAt === null) return [start];
  return [start, bar(work, { from: run.claimedAt, until: run.finishedAt, attempt, state: outcome })];
}

function bar(
  stage: string,
  span: Pick<Span, 'from' | 'until' | 'attempt' | 'state'> & Partial<Pick<Span, 'of' | 'rows'>>,
): Span {
  return { of: null, rows: null, ...span, stage, attempt: Math.max(1, span.attempt) };
}

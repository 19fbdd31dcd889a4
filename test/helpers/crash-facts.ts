import type { CrashPoint } from '../../orchestrator/crash-point.js';
import type { FreshLake } from './fresh-lake.js';

/** Where the newest batch stood when its process died. */
export interface BatchFacts {
  readonly state: string;
  readonly extraction: number;
  readonly lanes: readonly string[];
  readonly runs: number;
  readonly submitted: number;
}

export async function newestBatch(lake: FreshLake): Promise<BatchFacts> {
  const { rows } = await lake.ledger.query<BatchFacts>(
    `SELECT b.state, b.extraction,
       (SELECT coalesce(array_agg(l.state ORDER BY l.id), '{}') FROM lane l WHERE l.batch_id = b.id) AS lanes,
       (SELECT count(*)::int FROM run r WHERE r.batch_id = b.id) AS runs,
       (SELECT count(*)::int FROM run r WHERE r.batch_id = b.id AND r.submission_id IS NOT NULL) AS submitted
     FROM batch b ORDER BY b.id DESC LIMIT 1`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('no batch is planned');
  return row;
}

/** The points on a batch's way; the others are of what plans pages: the look at location types, and reprocesses; of
 * aggregations and maintenance. */
export type BatchPoint = Exclude<
  CrashPoint,
  | 'after-types-seen'
  | 'after-fan-out'
  | `after-reprocess-${string}`
  | `aggregation-${string}`
  | `maintenance-${string}`
>;

/** What the ledger must show of a batch whose process died at the point: so the test knows it died there. */
export const AT_POINT: Readonly<Record<BatchPoint, (batch: BatchFacts) => boolean>> = {
  'after-planning': (batch) => batch.state === 'planned' && batch.extraction === 0,
  'after-staging-files': (batch) => batch.state === 'planned' && batch.extraction === 1,
  'after-staging': (batch) => batch.state === 'staged' && batch.runs === 0,
  'after-run-written': (batch) => batch.runs === 1 && batch.submitted === 0,
  'after-create': (batch) => batch.runs === 1 && batch.submitted === 1,
  'after-lane-merged': ({ state, lanes }) =>
    state === 'staged' && lanes.filter((lane) => lane === 'merged').length === 1,
  'before-commit': ({ state, lanes }) => state === 'staged' && lanes.every((lane) => lane === 'merged'),
  'after-commit': (batch) => batch.state === 'committed',
};

/**
 * Named points at which a test may kill this process the hard way (kill -9), to prove that a restart ends with the
 * same tables. Inert unless DIMAGI_LAKE_CRASH_AT names the point.
 */
export type CrashPoint =
  | 'after-planning'
  | 'after-staging-files'
  | 'after-staging'
  | 'after-run-written'
  | 'after-create'
  | 'after-lane-merged'
  | 'before-commit'
  | 'after-commit'
  | 'after-types-seen'
  | 'after-fan-out'
  | 'after-reprocess-listed'
  | 'after-reprocess-planned'
  | 'aggregation-opened'
  | 'aggregation-computed'
  | 'aggregation-loaded'
  | 'aggregation-swapped'
  | 'maintenance-opened'
  | 'maintenance-ran';

export function crashPoint(point: CrashPoint): void {
  if (process.env['DIMAGI_LAKE_CRASH_AT'] === point) process.kill(process.pid, 'SIGKILL');
}

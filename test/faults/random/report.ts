import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import type { FaultName } from './named-faults.js';

/** One run, as the report has it. */
export interface ReportRow {
  readonly name: string;
  readonly planned: readonly FaultName[];
  readonly hit: readonly FaultName[];
  readonly missed: readonly FaultName[];
  readonly changed: number | undefined;
  readonly batches: number | undefined;
  readonly minutes: number;
  readonly outcome: 'right' | 'WRONG';
  readonly commit: string;
}

/** Rows are only ever appended, so that seeds add up from run to run. */
const REPORT = join(PACKAGE_ROOT, 'test', 'faults', 'REPORT.md');

export function writeReport(row: ReportRow): void {
  appendFileSync(REPORT, `${reportLine(row, new Date())}\n`);
}

/** `—` stands for what a run that failed can't say. */
function reportLine(row: ReportRow, at: Date): string {
  const faults = row.outcome === 'right' ? row.hit : row.planned;
  const cells = [
    at.toISOString().slice(0, 10),
    row.name,
    faults.join(', '),
    row.missed.join(', ') || '—',
    row.changed ?? '—',
    row.batches ?? '—',
    row.minutes.toFixed(1),
    row.outcome,
    row.commit,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Short, with `+` when the work tree differs from it. */
export function commitOf(): string {
  const git = (...words: string[]): string =>
    execFileSync('git', words, {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const dirty = git('status', '--porcelain', '--', 'orchestrator', 'spark-jobs', 'test', 'deploy');
    const changed = dirty
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith('test/faults/REPORT.md'));
    return `${git('rev-parse', '--short', 'HEAD')}${changed.length === 0 ? '' : '+'}`;
  } catch {
    return 'no git';
  }
}

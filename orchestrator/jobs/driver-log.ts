import { LakeError } from '../errors.js';
import type { LogStream } from '../submit/worker-logs.js';
import type { JobParts } from './parts.js';
import { redact } from './redact.js';
import { jobRuns } from './run-files.js';

export interface LogAsk {
  /** A run of the job; left out: its newest that a driver had. */
  readonly run?: string | undefined;
  readonly stream: LogStream;
  /** Bytes from the start; -1: the last 64 KiB. */
  readonly offset: number;
}

export interface LogPart {
  readonly run: string | null;
  readonly text: string;
  readonly nextOffset: number;
  readonly isLive: boolean;
}

/**
 * A part of the log of the driver of a job's run, read from its worker as it stands there, without secrets. A warm driver
 * has one log for all its runs.
 * @throws LakeError JOB_UNKNOWN, USAGE for a run that is not the job's, SPARK_UNREACHABLE
 */
export async function driverLog(
  parts: Pick<JobParts, 'database' | 'workerLogs' | 'secrets'>,
  id: string,
  { run: wanted, stream, offset }: LogAsk,
): Promise<LogPart> {
  const runs = await jobRuns(parts, id);
  const run =
    wanted === undefined
      ? runs.findLast((each) => each.driver !== null)
      : runs.find((each) => each.id === wanted);
  if (wanted !== undefined && run === undefined)
    throw new LakeError('USAGE', `Job ${id} has no run "${wanted.slice(0, 100)}"`);
  const from = Math.max(0, offset);
  if (run?.driver == null)
    return { run: run?.id ?? null, text: '', nextOffset: from, isLive: isOpen(run?.state) };
  if (parts.workerLogs === null)
    throw new LakeError(
      'SPARK_UNREACHABLE',
      'Logs of drivers can’t be read: SPARK_MASTER_UI_URL is not set',
      {
        mend: 'Set SPARK_MASTER_UI_URL to the web page of the Spark master, e.g. http://spark:8080.',
      },
    );
  const log = await parts.workerLogs.driverLog(run.driver, stream, offset);
  if (log === undefined) return { run: run.id, text: '', nextOffset: from, isLive: false };
  return {
    run: run.id,
    text: redact(log.text, parts.secrets),
    nextOffset: log.nextOffset,
    // A warm driver goes on after the run; what it then logs is not this one's.
    isLive: log.isLive && isOpen(run.state),
  };
}

function isOpen(state: string | undefined): boolean {
  return state === 'submitted' || state === 'claimed';
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { StatementResult } from './run-lanes.js';

const jobStart = z.object({
  Event: z.literal('SparkListenerJobStart'),
  'Job ID': z.number(),
  'Submission Time': z.number(),
});
const jobEnd = z.object({
  Event: z.literal('SparkListenerJobEnd'),
  'Job ID': z.number(),
  'Completion Time': z.number(),
});

/** A span of time, milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly until: number;
}

/** Where the seconds of one statement went. */
export interface Profile {
  /** Parsing, resolving, the table's snapshot, planning. */
  readonly beforeJobs: number;
  /** At least one job was at work. */
  readonly inJobs: number;
  /** Between jobs: planning of the next one (and its code, where code is generated). */
  readonly betweenJobs: number;
  /** The commit: log entry, checksum, the new snapshot as far as it needs no job. */
  readonly afterJobs: number;
  readonly jobs: number;
}

/** Driver properties by which Spark writes its event log into the folder. */
export function eventLogTo(folder: string): Readonly<Record<string, string>> {
  return {
    'spark.eventLog.enabled': 'true',
    'spark.eventLog.dir': `file://${folder}`,
    'spark.eventLog.rolling.enabled': 'false',
    'spark.eventLog.compress': 'false',
  };
}

/** Jobs of all applications that logged into the folder. */
export function jobsOf(folder: string): readonly Span[] {
  const started = new Map<number, number>();
  const jobs: Span[] = [];
  for (const name of readdirSync(folder).filter((each) => !each.startsWith('.'))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (!line.includes('"SparkListenerJob')) continue;
      const event: unknown = JSON.parse(line);
      const start = jobStart.safeParse(event).data;
      const end = jobEnd.safeParse(event).data;
      if (start !== undefined) started.set(start['Job ID'], start['Submission Time']);
      if (end !== undefined)
        jobs.push({ from: started.get(end['Job ID']) ?? 0, until: end['Completion Time'] });
    }
  }
  return jobs.sort((a, b) => a.from - b.from);
}

/** The statement's seconds, divided by the jobs that ran meanwhile; other statements must not run beside it. */
export function profileOf({ startedAt, seconds }: StatementResult, all: readonly Span[]): Profile {
  const from = Date.parse(startedAt);
  const until = from + seconds * 1000;
  const jobs = all.filter((job) => job.from >= from && job.from < until);
  let inJobs = 0;
  let betweenJobs = 0;
  let reached = jobs[0]?.from ?? until;
  const beforeJobs = reached - from;
  for (const job of jobs) {
    betweenJobs += Math.max(0, job.from - reached);
    inJobs += Math.max(0, job.until - Math.max(job.from, reached));
    reached = Math.max(reached, job.until);
  }
  return {
    beforeJobs: beforeJobs / 1000,
    inJobs: inJobs / 1000,
    betweenJobs: betweenJobs / 1000,
    afterJobs: Math.max(0, until - reached) / 1000,
    jobs: jobs.length,
  };
}

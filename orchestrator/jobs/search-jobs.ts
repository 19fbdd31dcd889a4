import type { Job, JobFacets } from '../api/schemas/jobs.js';
import { LakeError } from '../errors.js';
import type { LedgerDatabase } from '../ledger/database.js';
import {
  countFacet,
  findJobs,
  jobDomains,
  type Facet,
  type JobFilter,
  type JobPlace,
} from '../ledger/job-index.js';
import { JOB_KINDS, JOB_STATES } from '../api/schemas/jobs.js';
import { TOPICS } from '../types.js';

/** A filter with where to go on. */
export type JobSearch = JobFilter & { readonly cursor?: string | undefined; readonly limit: number };

/**
 * A page of jobs, the newest first. However long the history, one page is read of it and no more.
 * @throws LakeError USAGE for a cursor that was not given out here
 */
export async function searchJobs(
  { database }: { readonly database: LedgerDatabase },
  { cursor, limit, ...filter }: JobSearch,
): Promise<{ jobs: Job[]; next: string | null }> {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const found = await findJobs(database, filter, after, limit + 1);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    jobs: shown.map(({ job }) => job),
    next: found.length > limit && last !== undefined ? cursorOf(last.place) : null,
  };
}

/** How many jobs there are of each value of each facet, the facet's own filter left out so that others can be chosen. */
export async function jobFacets(
  { database }: { readonly database: LedgerDatabase },
  filter: JobFilter,
): Promise<JobFacets> {
  const values: Readonly<Record<Facet, readonly string[]>> = {
    kind: JOB_KINDS,
    state: JOB_STATES,
    failureClass: ['transient', 'data', 'capacity', 'config', 'bug'],
    topic: TOPICS,
    domain: await jobDomains(database),
  };
  const counted = (facet: Facet): Promise<JobFacets[Facet]> =>
    countFacet(database, filter, facet, values[facet]);
  return {
    kind: await counted('kind'),
    state: await counted('state'),
    failureClass: await counted('failureClass'),
    topic: await counted('topic'),
    domain: await counted('domain'),
  };
}

function cursorOf({ createdAt, id }: JobPlace): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

const MOMENT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/;

function placeOf(cursor: string): JobPlace {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(place) && place.length === 2) {
      const [createdAt, id] = place as unknown[];
      if (
        typeof createdAt === 'string' &&
        MOMENT.test(createdAt) &&
        typeof id === 'string' &&
        !id.includes('\0')
      )
        return { createdAt, id };
    }
  } catch {
    // Told below, in one way.
  }
  throw new LakeError('USAGE', 'The cursor is not one of a page of jobs', {
    mend: 'Take `next` of the page before, or leave the cursor out.',
  });
}

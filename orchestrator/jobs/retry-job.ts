import type { Accepted } from '../api/schemas/jobs.js';
import { insertRequest } from '../ledger/aggregation-requests.js';
import { readAggregationRun } from '../ledger/aggregation-runs.js';
import { readRequestRow } from '../ledger/aggregation-requests.js';
import { retryBatch } from '../ledger/batch-acts.js';
import { readJobs } from '../ledger/job-index.js';
import { restartRequest } from '../ledger/reprocess.js';
import { LakeError } from '../errors.js';
import { jobKey, unknownJob } from './job-id.js';
import type { Act, JobParts } from './parts.js';

/**
 * Lets a job go on that stands still: a batch at once, with its halted tables; an aggregation by a new request, which
 * goes on from the step that failed; a reprocess from where it was.
 * @throws LakeError JOB_UNKNOWN, ACT_REFUSED when it is under way or done
 */
export async function retryJob(
  parts: Pick<JobParts, 'database'>,
  id: string,
  { by, reason }: Act,
): Promise<Accepted> {
  const { database } = parts;
  const key = jobKey(id);
  if ((await readJobs(database, [id])).length === 0) throw unknownJob(id);
  switch (key.of) {
    case 'batch': {
      const { tables, topic } = await database.transaction((tx) => retryBatch(tx, key.id));
      const going = [...(topic ? ['its topic'] : []), ...tables];
      const message = `Tried again now${going.length === 0 ? '' : `; going again: ${going.join(', ')}`}`;
      return { jobId: id, message, repeated: false };
    }
    case 'aggregation': {
      const run = await readAggregationRun(database, key.id);
      if (run?.state !== 'failed') throw notStill(id);
      // A table without months is asked for by any month that is over.
      const month = run.month ?? lastMonth(new Date());
      const asked = { domain: run.domain, table: run.model, month, force: false };
      return requested(await insertRequest(database, asked, { by, reason, idempotencyKey: null }));
    }
    case 'request': {
      const row = await readRequestRow(database, key.id);
      if (row?.state !== 'failed' && row?.state !== 'cancelled') throw notStill(id);
      return requested(await insertRequest(database, row, { by, reason, idempotencyKey: null }));
    }
    case 'reprocess': {
      if (!(await database.transaction((tx) => restartRequest(tx, key.id)))) throw notStill(id);
      return { jobId: id, message: 'Goes on where it was', repeated: false };
    }
    case 'reconcile':
      throw new LakeError(
        'ACT_REFUSED',
        `Job ${id} is a comparison of what is by now another moment: ask for a new one`,
      );
    case 'maintenance':
      throw new LakeError(
        'ACT_REFUSED',
        `Job ${id} is not retried as such: what is due is done by the next one`,
        {
          mend: '`dimagi-lake maintenance` does what is due now.',
        },
      );
  }
}

function lastMonth(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 10);
}

function requested({ id, repeated }: { id: bigint; repeated: boolean }): Accepted {
  return { jobId: `request-${id}`, message: `Asked for again as request-${id}`, repeated };
}

function notStill(id: string): LakeError {
  return new LakeError(
    'ACT_REFUSED',
    `Job ${id} has not failed and was not cancelled, so it can’t be retried`,
  );
}

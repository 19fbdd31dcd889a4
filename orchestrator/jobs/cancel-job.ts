import { setTimeout as sleep } from 'node:timers/promises';
import { settleLeftRun } from '../aggregation/run-aggregation.js';
import type { Accepted } from '../api/schemas/jobs.js';
import { LakeError } from '../errors.js';
import { cancelRequest, runsOfRequest } from '../ledger/aggregation-requests.js';
import { askToCancel, readAggregationRun } from '../ledger/aggregation-runs.js';
import {
  cancelBatch,
  voidAggregationRuns,
  voidMaintenanceRun,
  type VoidedRun,
} from '../ledger/batch-acts.js';
import type { Queryable } from '../ledger/database.js';
import { readJobs } from '../ledger/job-index.js';
import { endReconcile } from '../ledger/reconciles.js';
import { endRequest } from '../ledger/reprocess.js';
import { endDrivers, type EndedDrivers } from './end-drivers.js';
import { jobKey, unknownJob } from './job-id.js';
import type { Act, JobParts } from './parts.js';

/** Its process stops within a second, and then looks up what the driver wrote. */
const SETTLE_MS = 20_000;
const LOOK_EVERY_MS = 250;
/** Two transactions that met in the ledger: the loser tries again. */
const MOST_TRIES = 3;

/**
 * Stops a job now: first the ledger, so that nothing takes it up again and its driver's claim is void, then the driver
 * itself, and only when that is gone (or can't be seen to go) is the answer given.
 *
 * A batch is never skipped: its tables stand still until it is retried, because later batches build on it. Of a request or
 * a reprocess nothing more is begun; what is done of it stays.
 * @throws LakeError JOB_UNKNOWN, ACT_REFUSED when nothing of it is under way
 */
export async function cancelJob(parts: JobParts, id: string, { by, reason }: Act): Promise<Accepted> {
  const key = jobKey(id);
  if ((await readJobs(parts.database, [id])).length === 0) throw unknownJob(id);
  const text = `cancelled by ${by}: ${reason}`;
  const answer = (message: string, ended: EndedDrivers): Accepted => ({
    jobId: id,
    message: [message, driversText(ended)].filter((each) => each !== '').join('; '),
    repeated: false,
  });
  switch (key.of) {
    case 'batch': {
      const runs = await inTransaction(parts, (tx) => cancelBatch(tx, key.id, text));
      return answer('Stopped; its tables wait until it is retried', await endDrivers(parts, runs));
    }
    case 'aggregation': {
      const runs = await inTransaction(parts, async (tx) => {
        if (!(await askToCancel(tx, key.id, by, reason))) throw notUnderWay(id);
        return voidAggregationRuns(tx, key.id, text);
      });
      return answer('Stopped; what was published stands', await endAggregations(parts, [key.id], runs));
    }
    case 'request': {
      const { runs, ids } = await inTransaction(parts, async (tx) => {
        if (!(await cancelRequest(tx, key.id, text))) throw notUnderWay(id);
        const under = await runsOfRequest(tx, key.id);
        const voided: VoidedRun[] = [];
        for (const run of under) {
          await askToCancel(tx, run, by, reason);
          voided.push(...(await voidAggregationRuns(tx, run, text)));
        }
        return { runs: voided, ids: under };
      });
      return answer('Cancelled; what was published stands', await endAggregations(parts, ids, runs));
    }
    case 'reprocess': {
      if (!(await endRequest(parts.database, key.id, 'cancelled', 'CANCELLED', text))) throw notUnderWay(id);
      return answer('Cancelled; pages that are planned already go on', { gone: [], left: [] });
    }
    case 'reconcile': {
      const failure = { code: 'CANCELLED', text } as const;
      if (!(await endReconcile(parts.database, key.id, 'cancelled', failure))) throw notUnderWay(id);
      return answer('Cancelled; its process stops after the step under way', { gone: [], left: [] });
    }
    case 'maintenance': {
      const runs = await inTransaction(parts, (tx) => voidMaintenanceRun(tx, key.id, text));
      if (runs.length === 0) throw notUnderWay(id);
      const message = 'Stopped; what is due stays due (`dimagi-lake pause queue maintenance`)';
      return answer(message, await endDrivers(parts, runs));
    }
  }
}

async function inTransaction<T>({ database }: JobParts, act: (tx: Queryable) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction(act);
    } catch (thrown) {
      const mayPass = thrown instanceof LakeError && thrown.code === 'LEDGER_FAILED';
      if (!mayPass || tries >= MOST_TRIES) throw thrown;
    }
  }
}

function notUnderWay(id: string): LakeError {
  return new LakeError('ACT_REFUSED', `Job ${id} is not under way, so it can’t be cancelled`);
}

/** Ends the drivers, then waits until each computation is settled: by its process, or by us when that one is dead. */
async function endAggregations(
  parts: JobParts,
  ids: readonly bigint[],
  runs: readonly VoidedRun[],
): Promise<EndedDrivers> {
  const ended = await endDrivers(parts, runs);
  const until = Date.now() + SETTLE_MS;
  for (const id of ids) {
    for (;;) {
      const run = await readAggregationRun(parts.database, id);
      if (run?.state !== 'running') break;
      if (parts.aggregation !== null && (await settleLeftRun(parts.aggregation, run))) continue;
      if (Date.now() > until) break;
      await sleep(LOOK_EVERY_MS);
    }
  }
  return ended;
}

function driversText({ gone, left }: EndedDrivers): string {
  return [
    ...(gone.length === 0 ? [] : [`${gone.join(', ')} is gone`]),
    ...(left.length === 0
      ? []
      : [
          `${left.join(', ')} was told to end and has not been seen to; it may write nothing more of this job`,
        ]),
  ].join('; ');
}

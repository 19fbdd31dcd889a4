import type { Cause } from '../api/schemas/common.js';
import type { Job, JobDetail } from '../api/schemas/jobs.js';
import { laneFacts, listBatches } from '../ledger/batch-history.js';
import {
  aggregationFacts,
  batchTimes,
  childrenOf,
  heldUpBy,
  laneTimes,
  maintenanceFacts,
  runsOf,
  stepTimes,
  type RunRecord,
} from '../ledger/job-facts.js';
import { readJobs } from '../ledger/job-index.js';
import { listPauses } from '../ledger/pauses.js';
import { causeOf } from './cause.js';
import { jobKey, unknownJob, type JobKey } from './job-id.js';
import type { JobParts } from './parts.js';
import { aggregationSpans, batchSpans, maintenanceSpans } from './spans.js';

/** What differs between kinds of jobs. */
type Particulars = Pick<JobDetail, 'spans' | 'parts' | 'ranges' | 'quarantined' | 'configVersion' | 'cli'> & {
  readonly runs: readonly RunRecord[];
  readonly parentIds: readonly string[];
  readonly childIds: readonly string[];
};
type Parts = Pick<JobParts, 'database' | 'workerLogs'>;

/**
 * All there is to know about a job: what it waits for, how long each stage took, its tables, its runs on Spark, why it
 * failed and what may be done.
 * @throws LakeError JOB_UNKNOWN
 */
export async function jobDetail(parts: Parts, id: string): Promise<JobDetail> {
  const key = jobKey(id);
  const [job] = await readJobs(parts.database, [id]);
  if (job === undefined) throw unknownJob(id);
  const { runs, parentIds, childIds, ...rest } = await particulars(parts, key, job);
  const family = await readJobs(parts.database, [...parentIds, ...childIds]);
  return {
    job,
    cause: await whyNot(parts, key, job),
    ...rest,
    runs: await Promise.all(runs.map((run) => runView(parts, run))),
    parents: family.filter((each) => parentIds.includes(each.id)),
    children: family.filter((each) => childIds.includes(each.id)),
    can: whatCan(key, job, rest.parts),
  };
}

async function particulars(parts: Parts, key: JobKey, job: Job): Promise<Particulars> {
  const none = { spans: [], parts: [], ranges: [], quarantined: 0, configVersion: null, runs: [] };
  switch (key.of) {
    case 'batch':
      return batchParticulars(parts, key.id);
    case 'aggregation':
      return aggregationParticulars(parts, key.id, job);
    case 'request': {
      const childIds = await childrenOf(parts.database, 'request', key.id);
      const cli = `dimagi-lake aggregation ${shell(job.title.split(' ')[0] ?? 'all')} ${shell(job.domain ?? '')} ${job.month ?? ''}`;
      return { ...none, parentIds: [], childIds, cli };
    }
    case 'reprocess': {
      const childIds = await childrenOf(parts.database, 'reprocess', key.id);
      const cli = `dimagi-lake ${job.kind === 'migration' ? `migration ${shell(job.domain ?? '')}` : 'reprocess --help'}`;
      return { ...none, parentIds: [], childIds, cli };
    }
    case 'reconcile': {
      const childIds = await childrenOf(parts.database, 'reconcile', key.id);
      return { ...none, parentIds: [], childIds, cli: `dimagi-lake reconcile ${shell(job.domain ?? '')}` };
    }
    case 'maintenance': {
      const runs = await runsOf(parts.database, { maintenanceRunId: key.id });
      const cli = `dimagi-lake maintenance --table ${shell(job.tables[0] ?? '')} --dry-run`;
      const [facts] = await maintenanceFacts(parts.database, key.id);
      return {
        ...none,
        spans: maintenanceSpans(runs, job.title.split(' ')[0]?.toLowerCase() ?? 'maintenance'),
        parts:
          facts === undefined
            ? []
            : [{ ...facts, table: job.tables[0] ?? '', state: job.state, failure: job.failure }],
        ...{ runs, cli, parentIds: [], childIds: [] },
      };
    }
  }
}

async function batchParticulars({ database }: Parts, id: bigint): Promise<Particulars> {
  const [times, [facts], lanes, spans, runs] = await Promise.all([
    batchTimes(database, id),
    listBatches(database, { id, limit: 1 }),
    laneFacts(database, id),
    laneTimes(database, id),
    runsOf(database, { batchId: id }),
  ]);
  if (times === undefined || facts === undefined) throw unknownJob(`batch-${id}`);
  return {
    spans: batchSpans(times, runs, spans),
    parts: lanes.map(
      ({ table, state, inserted, updated, deleted, refused, seconds, deltaVersion, failure, ...lane }) => ({
        ...{ table, state, inserted, updated, deleted, refused, seconds, deltaVersion, failure },
        rows: String(lane.upserts + lane.deletes),
      }),
    ),
    ranges: [...facts.ranges],
    quarantined: facts.quarantined,
    configVersion: times.configVersionId,
    cli: `dimagi-lake batches show ${id}`,
    runs,
    parentIds: times.reprocessRequestId === null ? [] : [`reprocess-${times.reprocessRequestId}`],
    childIds: [],
  };
}

async function aggregationParticulars({ database }: Parts, id: bigint, job: Job): Promise<Particulars> {
  const facts = await aggregationFacts(database, id);
  if (facts === undefined) throw unknownJob(job.id);
  const steps = await stepTimes(database, id);
  const [table] = job.tables;
  return {
    spans: aggregationSpans(steps),
    parts: [
      {
        table: table ?? job.title,
        state: facts.state,
        ...{ inserted: null, updated: null, deleted: null, refused: null, seconds: null },
        rows: facts.rows,
        deltaVersion: facts.deltaVersion,
        failure: job.failure,
      },
    ],
    ...{ ranges: [], quarantined: 0, configVersion: facts.configVersionId },
    cli: `dimagi-lake aggregation ${shell(job.title.split(' ')[0] ?? '')} ${shell(job.domain ?? '')} ${job.month ?? ''}`.trim(),
    runs: await runsOf(database, { aggregationRunId: id }),
    parentIds: facts.requestId === null ? [] : [`request-${facts.requestId}`],
    childIds: [],
  };
}

/** Why it does not go on: its own failure, a pause, or halted tables that it needs. */
async function whyNot({ database }: Parts, key: JobKey, job: Job): Promise<Cause | null> {
  if (job.state === 'paused') {
    const pauses = await listPauses(database);
    const held = pauses.find(
      ({ scope, name }) =>
        scope === 'all' || scope === 'queue' || name === job.topic || job.tables.includes(name),
    );
    return {
      code: 'PAUSED',
      failureClass: 'config',
      sentence: held === undefined ? 'It is paused.' : `Paused by ${held.by}: ${held.reason}`,
      mend: 'Lift the pause: `dimagi-lake resume`, or the dashboard’s list of pauses.',
    };
  }
  const own = causeOf(job.failure, job.failureClass);
  if (own !== null || key.of !== 'batch' || job.state !== 'waiting') return own;
  const [halted] = await heldUpBy(database, key.id);
  if (halted === undefined) return null;
  return {
    code: null,
    failureClass: 'data',
    sentence: `It waits for the halted table ${halted.table}: ${halted.reason ?? 'no reason is known'}`,
    mend: 'Mend what halted the table, then retry the batch that stands first there.',
  };
}

const STILL: readonly Job['state'][] = ['halted', 'failed', 'cancelled'];
const ENDED: readonly Job['state'][] = ['done', ...STILL];

function whatCan({ of }: JobKey, { state }: Job, parts: JobDetail['parts']): JobDetail['can'] {
  // What is due is done by the next one.
  if (of === 'maintenance') return { retry: false, cancel: state === 'running' };
  const isOpen = !ENDED.includes(state);
  // Once every table has merged, the commit is a moment's work that nothing stops.
  const isMerged = parts.length > 0 && parts.every((part) => part.state === 'merged');
  return {
    retry: (STILL.includes(state) && of !== 'reconcile') || (of === 'batch' && state === 'retrying'),
    cancel: isOpen && !(of === 'batch' && isMerged),
  };
}

async function runView({ workerLogs }: Parts, run: RunRecord): Promise<JobDetail['runs'][number]> {
  const { id, state, driver, submissionId, createdAt, claimedAt, finishedAt, reason } = run;
  const isLive = state === 'submitted' || state === 'claimed';
  const sparkUi =
    isLive && driver !== null && workerLogs !== null
      ? await workerLogs.driverPage(driver).catch(() => null)
      : null;
  return { id, state, driver, submissionId, createdAt, claimedAt, finishedAt, reason, sparkUi };
}

/** As a shell takes it for one word. */
function shell(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

import type { Batch } from '../ledger/batches.js';
import type { Queryable } from '../ledger/database.js';
import {
  insertPageJob,
  nextRecords,
  pageJobDone,
  pageJobOf,
  pageJobPlanned,
  tablesToReread,
  type PageJob,
} from '../ledger/page-jobs.js';
import { planPage } from '../ledger/planning.js';
import { writeIds, type WrittenIds } from '../plan/id-manifest.js';
import type { Storage } from '../storage/storage.js';
import type { PipelineContext } from './context.js';

/** A page is a small batch, so that a live change behind it never waits long. */
export const RECORDS_PER_PAGE = 5_000;

/** A job's next page, its manifest written; no ids when nothing is left. */
export interface NextPage {
  readonly job: PageJob;
  readonly written: WrittenIds | undefined;
  readonly plannedTo: string;
}

/**
 * The pages to be planned with the batch's commit: the next one of the job it belongs to, and the first one for each
 * table that it gave a type which old values could not be turned into exactly.
 */
export async function pagesAfter(context: PipelineContext, batch: Batch): Promise<NextPage[]> {
  const { database, checkpoint } = context;
  const own = await pageJobOf(database, batch.id);
  const tables = await tablesToReread(database, batch.id);
  const jobs: PageJob[] = [
    ...(own === undefined ? [] : [own]),
    ...tables.map((tableId) => ({
      id: null,
      topic: batch.topic,
      kind: 'retype' as const,
      tableId,
      beforeSequence: batch.sequence,
      plannedTo: '',
    })),
  ];
  const pages: NextPage[] = [];
  for (const job of jobs) pages.push(await nextPage(database, checkpoint, job));
  return pages;
}

export async function nextPage(database: Queryable, checkpoint: Storage, job: PageJob): Promise<NextPage> {
  const records = await nextRecords(database, job, RECORDS_PER_PAGE);
  const last = records.at(-1);
  if (last === undefined) return { job, written: undefined, plannedTo: job.plannedTo };
  const entries = records.map((record) => ({ ...record, partition: null, offset: null }));
  return { job, written: await writeIds(checkpoint, entries), plannedTo: last.id };
}

/** Plans the page, in the caller's transaction. @returns its batch; undefined when the job is done */
export async function planNextPage(tx: Queryable, page: NextPage): Promise<bigint | undefined> {
  const { job, written } = page;
  if (written === undefined) {
    if (job.id !== null) await pageJobDone(tx, job.id);
    return undefined;
  }
  const jobId = job.id ?? (await insertPageJob(tx, job));
  const batchId = await planPage(tx, { topic: job.topic, kind: job.kind, ...written });
  await pageJobPlanned(tx, jobId, batchId, page.plannedTo, written.ids);
  return batchId;
}

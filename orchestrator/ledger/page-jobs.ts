import { LakeError } from '../errors.js';
import type { Queryable } from './database.js';

/** Records of a table to be read from HQ again (migrations/0005_types.sql). */
export interface PageJob {
  /** Null: not in the ledger yet. */
  readonly id: bigint | null;
  readonly topic: string;
  readonly kind: 'retype' | 'reprocess';
  readonly tableId: bigint;
  readonly beforeSequence: bigint;
  /** The last record id that was planned; '' at the start. */
  readonly plannedTo: string;
}

const COLUMNS = `id, topic, kind, table_id AS "tableId", before_sequence AS "beforeSequence",
  planned_to AS "plannedTo"`;

/** The job a batch is a page of; undefined when it is none, or the job has no page left. */
export async function pageJobOf(database: Queryable, batchId: bigint): Promise<PageJob | undefined> {
  const [job] = await database.query<PageJob & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM page_job WHERE state = 'running'
       AND id = (SELECT page_job_id FROM batch WHERE id = $1)`,
    [batchId],
  );
  return job;
}

/** Tables whose columns the batch has turned into another type in a way that only HQ can make exact. */
export async function tablesToReread(database: Queryable, batchId: bigint): Promise<bigint[]> {
  const rows = await database.query<{ table_id: bigint }>(
    'SELECT DISTINCT table_id FROM schema_change WHERE batch_id = $1 AND reread ORDER BY table_id',
    [batchId],
  );
  return rows.map((row) => row.table_id);
}

/** The job's next records, in the order of their ids. */
export async function nextRecords(
  database: Queryable,
  job: PageJob,
  limit: number,
): Promise<{ domain: string; id: string }[]> {
  return database.query(
    `SELECT p.domain, p.record_id AS id FROM lake_table t
     JOIN record_place p ON p.kind = t.kind AND p.domain = t.domain AND p.table_id = t.id
     WHERE t.id = $1 AND p.sequence < $2 AND p.record_id > $3 AND p.deleted_by IS NULL
     ORDER BY p.record_id LIMIT $4`,
    [job.tableId, job.beforeSequence, job.plannedTo, limit],
  );
}

/** @returns the job's id */
export async function insertPageJob(tx: Queryable, job: PageJob): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(
    'INSERT INTO page_job (topic, kind, table_id, before_sequence) VALUES ($1, $2, $3, $4) RETURNING id',
    [job.topic, job.kind, job.tableId, job.beforeSequence],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The page job was not inserted');
  return row.id;
}

/** Notes that the records up to `plannedTo` are a batch now. */
export async function pageJobPlanned(
  tx: Queryable,
  jobId: bigint,
  batchId: bigint,
  plannedTo: string,
  records: number,
): Promise<void> {
  await tx.query('UPDATE page_job SET planned_to = $2, records = records + $3 WHERE id = $1', [
    jobId,
    plannedTo,
    records,
  ]);
  await tx.query('UPDATE batch SET page_job_id = $2 WHERE id = $1', [batchId, jobId]);
}

export async function pageJobDone(tx: Queryable, jobId: bigint): Promise<void> {
  await tx.query("UPDATE page_job SET state = 'done', done_at = now() WHERE id = $1", [jobId]);
}

/** Some records of a table: reading them again makes a lane, and with it any change of its columns. */
export async function carriersOf(
  database: Queryable,
  tableId: bigint,
  limit: number,
): Promise<{ domain: string; id: string }[]> {
  return database.query(
    `SELECT p.domain, p.record_id AS id FROM lake_table t
     JOIN record_place p ON p.kind = t.kind AND p.domain = t.domain AND p.table_id = t.id
     WHERE t.id = $1 AND p.deleted_by IS NULL ORDER BY p.record_id LIMIT $2`,
    [tableId, limit],
  );
}

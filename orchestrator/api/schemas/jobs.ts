import { z } from 'zod';
import { big, cause, domainName, moment, monthText, page, pageQuery, reasonText } from './common.js';

/**
 * A job is anything that was asked for or fell due and takes its time: a batch of ingestion, the computation of an
 * aggregation's month, a reprocess, a migration or a reconcile, OPTIMIZE or VACUUM of a table. `id` is `batch-12`, `aggregation-7` (one
 * computation), `request-3` (an aggregation asked for by API, before and around its computations), `reprocess-5`, `reconcile-2`,
 * `maintenance-4`.
 */
export const JOB_KINDS = [
  'ingestion',
  'page',
  'aggregation',
  'request',
  'reprocess',
  'migration',
  'reconcile',
  'maintenance',
] as const;
export const JOB_STATES = [
  'waiting',
  'running',
  'retrying',
  'paused',
  'halted',
  'failed',
  'cancelled',
  'done',
] as const;
const jobKind = z.enum(JOB_KINDS);
const jobState = z.enum(JOB_STATES);
export const jobId = z
  .string()
  .regex(/^(batch|aggregation|request|reprocess|reconcile|maintenance)-[1-9]\d{0,18}$/);

export const job = z.object({
  id: jobId,
  kind: jobKind,
  state: jobState,
  /** One line that tells it from others: `form-sql 1,204 messages`, `child_care 2026-01`. */
  title: z.string(),
  topic: z.string().nullable(),
  /** Null: several, or none. */
  domain: z.string().nullable(),
  tables: z.array(z.string()),
  month: monthText.nullable(),
  requestedBy: z.string().nullable(),
  attempts: z.number().int(),
  createdAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  failureClass: z.string().nullable(),
  failure: z.string().nullable(),
});
export type Job = z.infer<typeof job>;

const filters = {
  /** Words that must all occur: in ids, titles, tables, reasons, drivers, record ids set aside. */
  q: z.string().trim().max(200).optional(),
  kind: jobKind.optional(),
  state: jobState.optional(),
  topic: z.string().max(100).optional(),
  domain: domainName.optional(),
  table: z.string().max(255).optional(),
  month: monthText.optional(),
  failureClass: z.string().max(20).optional(),
  since: moment.optional(),
  until: moment.optional(),
};
export const jobQuery = z.strictObject({ ...filters, ...pageQuery });
export const jobPage = z.object({ ...page, jobs: z.array(job) });
export const facetQuery = z.strictObject(filters);
/** Counts stop at a cap: `isCapped` says "so many or more". */
const facet = z.array(z.object({ value: z.string(), count: z.number().int(), isCapped: z.boolean() }));
export const jobFacets = z.object({
  kind: facet,
  state: facet,
  failureClass: facet,
  topic: facet,
  domain: facet,
});
export type JobFacets = z.infer<typeof jobFacets>;

/** A bar of the waterfall; `until` null: goes on. Spans of one attempt follow each other, lanes go side by side. */
export const span = z.object({
  /** `wait`, `stage`, `submit`, `start driver`, `merge`, `commit`; `compute`, `audit`, `load`, `publish`. */
  stage: z.string(),
  /** The table of a lane; null: the whole job. */
  of: z.string().nullable(),
  attempt: z.number().int(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  from: moment,
  until: moment.nullable(),
  rows: big.nullable(),
});
/** The part of one table in the job. */
export const jobPart = z.object({
  table: z.string(),
  state: z.string(),
  inserted: z.number().int().nullable(),
  updated: z.number().int().nullable(),
  deleted: z.number().int().nullable(),
  refused: z.number().int().nullable(),
  rows: big.nullable(),
  seconds: z.number().nullable(),
  deltaVersion: big.nullable(),
  failure: z.string().nullable(),
});
/** One run on Spark. */
export const sparkRun = z.object({
  id: z.string(),
  state: z.string(),
  driver: z.string().nullable(),
  submissionId: z.string().nullable(),
  createdAt: moment,
  claimedAt: moment.nullable(),
  finishedAt: moment.nullable(),
  reason: z.string().nullable(),
  /** The driver's page on its worker or the application's UI, as long as there is one. */
  sparkUi: z.string().nullable(),
});
export const jobDetail = z.object({
  job,
  cause: cause.nullable(),
  spans: z.array(span),
  parts: z.array(jobPart),
  runs: z.array(sparkRun),
  /** Offsets of a batch. */
  ranges: z.array(z.object({ partition: z.number().int(), from: big, until: big })),
  /** Records set aside on the way. */
  quarantined: z.number().int(),
  /** Which lake.yaml it goes by. */
  configVersion: big.nullable(),
  /** Jobs it belongs to, and jobs that belong to it (pages of a reprocess, computations of a request): newest 50. */
  parents: z.array(job),
  children: z.array(job),
  /** What may be done to it now. */
  can: z.object({ retry: z.boolean(), cancel: z.boolean() }),
  /** The same by command line. */
  cli: z.string(),
});
export type JobDetail = z.infer<typeof jobDetail>;

const script = z.object({ run: z.string(), name: z.string(), sql: z.string() });
export const scripts = z.object({ scripts: z.array(script) });
export const logQuery = z.strictObject({
  run: z.string().max(200).optional(),
  stream: z.enum(['stdout', 'stderr']).default('stderr'),
  /** Bytes from the start; -1: the last 64 KiB. */
  offset: z.coerce.number().int().min(-1).default(-1),
});
export const logPart = z.object({
  run: z.string().nullable(),
  text: z.string(),
  /** Where to go on; the same as asked when nothing was added. */
  nextOffset: z.number().int(),
  /** Whether more may come. */
  isLive: z.boolean(),
});
export const jobAction = z.strictObject({ reason: reasonText });
/** Answer of every act that goes on after the answer. */
export const accepted = z.object({ jobId: jobId.nullable(), message: z.string(), repeated: z.boolean() });
export type Accepted = z.infer<typeof accepted>;

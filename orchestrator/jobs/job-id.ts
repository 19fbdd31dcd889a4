import { LakeError } from '../errors.js';

/** Tables of the ledger whose rows are jobs. */
const KINDS = ['batch', 'aggregation', 'request', 'reprocess', 'reconcile', 'maintenance'] as const;

/** What a job's id names: a row of the ledger. */
export interface JobKey {
  readonly of: (typeof KINDS)[number];
  readonly id: bigint;
}

const FORM = /^([a-z]+)-([1-9]\d{0,18})$/;
const MOST = 9_223_372_036_854_775_807n; // of a bigint of Postgres

/** @throws LakeError JOB_UNKNOWN for what is no id of a job */
export function jobKey(text: string): JobKey {
  const [, kind, digits] = FORM.exec(text) ?? [];
  const id = BigInt(digits ?? 0);
  const of = KINDS.find((each) => each === kind);
  if (of === undefined || id > MOST) throw unknownJob(text);
  return { of, id };
}

export function unknownJob(text: string): LakeError {
  return new LakeError('JOB_UNKNOWN', `There is no job "${text.slice(0, 60)}"`);
}

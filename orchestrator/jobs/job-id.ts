import { LakeError } from '../errors.js';

/** What a job's id names: a row of the ledger. */
export interface JobKey {
  readonly of: 'batch' | 'aggregation' | 'request' | 'reprocess' | 'maintenance';
  readonly id: bigint;
}

const KINDS: readonly JobKey['of'][] = ['batch', 'aggregation', 'request', 'reprocess', 'maintenance'];
const FORM = /^([a-z]+)-([1-9]\d{0,18})$/;
const MOST = 9_223_372_036_854_775_807n; // of a bigint of Postgres

/** @throws LakeError JOB_UNKNOWN for what is no id of a job */
export function jobKey(text: string): JobKey {
  const [, word, digits] = FORM.exec(text) ?? [];
  const id = BigInt(digits ?? 0);
  const of = KINDS.find((kind) => kind === word);
  if (of !== undefined && id <= MOST) return { of, id };
  throw unknownJob(text);
}

export function unknownJob(text: string): LakeError {
  return new LakeError('JOB_UNKNOWN', `There is no job "${text.slice(0, 60)}"`);
}

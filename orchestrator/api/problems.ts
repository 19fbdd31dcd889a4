import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { asLakeError, type LakeError } from '../errors.js';
import type { Problem } from './schemas/common.js';

/**
 * What the API itself refuses. All other codes are those of errors.ts, with the status that `statusOf` gives them.
 * README.md lists these.
 */
export const API_PROBLEMS = {
  BAD_REQUEST: [400, 'Compare with the description of the call at /api/docs.'],
  UNAUTHENTICATED: [
    401,
    'Log in, or send `Authorization: Bearer <token>`; `dimagi-lake token create` makes one.',
  ],
  FORBIDDEN: [403, 'Ask somebody with the role, or have a token with it made: `dimagi-lake token create`.'],
  CSRF: [403, 'Send the `csrf` of GET /api/v1/session as the header x-csrf-token, from the same site.'],
  NOT_FOUND: [404, 'Look it up in the list it should be in; it may have another name, or be gone.'],
  CONFLICT: [409, 'Look at how it stands now, then decide anew.'],
  TOO_LARGE: [413, 'Send less at once.'],
  NO_JSON: [415, 'Send JSON, with the header `content-type: application/json`.'],
  RATE_LIMITED: [429, 'Wait for as many seconds as the header retry-after says.'],
  UNAVAILABLE: [503, 'Try again in a moment; GET /readyz tells which service is away.'],
} as const satisfies Record<string, readonly [status: number, hint: string]>;
export type ApiCode = keyof typeof API_PROBLEMS;

/** A request that is answered by a problem. */
export class ApiProblem extends Error {
  readonly code: ApiCode;
  readonly status: number;
  readonly hint: string;

  constructor(code: ApiCode, message: string, hint?: string) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
    this.status = API_PROBLEMS[code][0];
    this.hint = hint ?? API_PROBLEMS[code][1];
  }
}

export function notFound(what: string, hint?: string): ApiProblem {
  return new ApiProblem('NOT_FOUND', `There is no ${what}`, hint);
}

/** The answer to anything thrown on the way; `isFault`: it is ours, and stands in the log in full. */
export interface Answered {
  readonly status: number;
  readonly problem: Problem;
  readonly isFault: boolean;
}

export function answerTo(thrown: unknown): Answered {
  if (thrown instanceof ApiProblem) return answered(thrown.status, thrown.code, thrown.message, thrown.hint);
  if (isFastifyError(thrown)) return ofFramework(thrown);
  return ofLake(asLakeError(thrown));
}

function ofLake(error: LakeError): Answered {
  if (isValueRefused(error)) {
    return own('BAD_REQUEST', 'A value is of a kind that the ledger cannot hold, such as a year 0');
  }
  if (error.code === 'INTERNAL') {
    const message = 'This is a fault of ours; the log of the API has it';
    return { ...answered(500, 'INTERNAL', message, error.mend), isFault: true };
  }
  // What a database or broker says of itself may name hosts and logins.
  const message = error.failureClass === 'transient' ? (AWAY[error.code] ?? error.message) : error.message;
  return answered(statusOf(error), error.code, message, error.mend);
}

const AWAY: Readonly<Record<string, string>> = {
  LEDGER_FAILED: 'The ledger database does not answer',
  KAFKA_FAILED: 'Kafka does not answer',
  HQ_READ_FAILED: 'A database or store of HQ does not answer',
  STORAGE_FAILED: 'The storage does not answer',
  SPARK_UNREACHABLE: 'No Spark master answers',
};

function statusOf(error: LakeError): number {
  switch (error.code) {
    case 'USAGE':
    case 'CONFIG_INVALID':
    case 'SCOPE_INVALID':
      return 400;
    case 'JOB_UNKNOWN':
    case 'KAFKA_TOPIC_UNKNOWN':
      return 404;
    // Not a service that is away, but work that has to come first or was done by another.
    case 'LEASE_LOST':
      return 409;
    default:
      return error.retryable ? 503 : 409;
  }
}

/** Postgres refused a value (class 22), for example a month of the year 0 or a NUL. */
function isValueRefused(error: LakeError): boolean {
  const cause = error.cause;
  if (error.code !== 'INTERNAL' || typeof cause !== 'object' || cause === null || !('code' in cause))
    return false;
  return typeof cause.code === 'string' && /^22...$/.test(cause.code);
}

function ofFramework(error: FastifyError): Answered {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = { querystring: 'query', params: 'path', body: 'body', headers: 'headers' };
    const faults = error.validation
      .slice(0, 10)
      .map(({ instancePath, message }) => `${instancePath.slice(1) || 'it'}: ${message ?? 'wrong'}`);
    const context = error.validationContext;
    return own(
      'BAD_REQUEST',
      `The ${context === undefined ? 'request' : where[context]} is wrong: ${faults.join('; ')}`,
    );
  }
  if (error.statusCode === 413) return own('TOO_LARGE', 'The body is too large');
  if (error.statusCode === 415) return own('NO_JSON', 'The body is not JSON');
  if (error.statusCode === 429) return own('RATE_LIMITED', 'Too many requests from this address');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return own('BAD_REQUEST', 'The request cannot be read: its path or its JSON is broken');
  }
  return { ...ofLake(asLakeError(new Error(error.message))), isFault: true };
}

function own(code: ApiCode, message: string): Answered {
  const [status, hint] = API_PROBLEMS[code];
  return answered(status, code, message, hint);
}

function answered(status: number, code: string, message: string, hint: string): Answered {
  return { status, problem: { code, message, hint }, isFault: false };
}

function isFastifyError(thrown: unknown): thrown is FastifyError {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return (typeof thrown.code === 'string' && /^(FST_|SJP_)/.test(thrown.code)) || 'validation' in thrown;
}

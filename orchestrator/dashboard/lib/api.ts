import type { Problem } from './answers.js';

/** An answer that is no success: what went wrong and what to do, in the API's own words. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;

  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint;
  }
}

/** A server that takes longer than this for a page is as good as down; questions to Spark may take a minute. */
const TIMEOUT_MS = 90_000;

let csrf: string | null = null;

/** The session's proof that an act comes from our own pages; goes with every act. */
export function keepCsrf(value: string | null): void {
  csrf = value;
}

/** Values of a query string; what is undefined or '' is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined | null>>;

export function withQuery(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') words.set(name, String(value));
  return words.size === 0 ? path : `${path}?${words.toString()}`;
}

export async function ask<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await call('GET', withQuery(path, query), undefined, signal)) as T;
}

export async function act<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return (await call(method, path, body)) as T;
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (method !== 'GET' && csrf !== null) headers.set('x-csrf-token', csrf);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      credentials: 'same-origin',
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(0, {
      code: 'SERVER_UNREACHABLE',
      message: 'The Dimagi Lake server does not answer.',
      hint: 'Look whether `dimagi-lake up` (or `dimagi-lake api`) runs, and whether this computer reaches it.',
    });
  }
  const text = await response.text();
  if (response.ok) return text === '' ? null : parse(text, response.status);
  throw new ApiProblem(response.status, readProblem(text, response.status));
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(status, readProblem(text, status));
  }
}

/** Something between us and the server (a proxy) may answer in its own words: then the status must do. */
function readProblem(text: string, status: number): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    if (isProblem(problem)) return problem;
  } catch {
    // Not JSON: not our server's answer.
  }
  return {
    code: `HTTP_${status}`,
    message: `The server answered with status ${status} and no explanation.`,
    hint: 'Something between this browser and the Dimagi Lake server may have answered. Try again; then look into the server’s log.',
  };
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    'message' in value &&
    'hint' in value &&
    [value.code, value.message, value.hint].every((each) => typeof each === 'string')
  );
}

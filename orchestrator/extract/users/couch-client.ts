import { setTimeout as delay } from 'node:timers/promises';
import { LakeError } from '../../errors.js';
import { CLIENT_TIMEOUT_MS, READ_ATTEMPTS, READ_RETRY_MS } from '../limits.js';
import {
  changesIn,
  databaseFactsIn,
  documentsIn,
  NotCouch,
  type Changes,
  type DatabaseFacts,
  type FoundDocument,
  type Sequence,
} from './couch-answers.js';

/** A failure of one request; `passing` ones are tried again at once, the others when the batch is. */
class RequestFailed extends Error {
  readonly passing: boolean;

  constructor(reason: string, passing: boolean, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.passing = passing;
  }
}

/**
 * One database of a CouchDB, read only. Every failure is HQ_READ_FAILED, also a login that is refused: what is read is
 * waited for, as with HQ's other stores. The login goes by header and stands in no message.
 */
export class CouchClient {
  /** Host and database; never the login. */
  readonly name: string;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param url `couchdb+http(s)://login:password@host:port/database`; the login may be left out */
  constructor(url: string) {
    const parsed = new URL(url.replace(/^couchdb\+/, ''));
    const [login, password] = [parsed.username, parsed.password].map(decodeURIComponent);
    parsed.username = '';
    parsed.password = '';
    parsed.search = '';
    parsed.hash = '';
    this.name = `${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`;
    this.#base = parsed.href.replace(/\/+$/, '');
    this.#headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(login === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}` }),
    };
  }

  /** @throws LakeError HQ_READ_FAILED */
  facts(signal?: AbortSignal): Promise<DatabaseFacts> {
    return this.#asked('', undefined, databaseFactsIn, signal);
  }

  /** One answer per id, in any order. @throws LakeError HQ_READ_FAILED */
  documents(ids: readonly string[], signal?: AbortSignal): Promise<readonly FoundDocument[]> {
    return this.#asked(
      '/_all_docs?include_docs=true',
      { keys: ids },
      (answer) => documentsIn(answer, ids),
      signal,
    );
  }

  /** What has changed after a sequence, `limit` documents at most. @throws LakeError HQ_READ_FAILED */
  changes(since: Sequence, limit: number, signal?: AbortSignal): Promise<Changes> {
    const text = typeof since === 'string' ? since : JSON.stringify(since);
    const query = new URLSearchParams({ feed: 'normal', since: text, limit: String(limit) });
    return this.#asked(`/_changes?${query.toString()}`, undefined, changesIn, signal);
  }

  async #asked<T>(
    path: string,
    body: object | undefined,
    read: (answer: unknown) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return read(await this.#request(path, body, signal));
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof NotCouch) throw this.#failed(cause.message, cause);
        if (!(cause instanceof RequestFailed)) throw cause;
        if (attempt >= READ_ATTEMPTS || !cause.passing) throw this.#failed(cause.message, cause);
        await delay(READ_RETRY_MS * attempt);
      }
    }
  }

  async #request(path: string, body: object | undefined, signal?: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.timeout(CLIENT_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#base + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: this.#headers,
        // Elsewhere the login is nobody's business.
        redirect: 'manual',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (cause) {
      const reason = limit.aborted ? `no answer within ${CLIENT_TIMEOUT_MS / 1000} s` : reasonOf(cause);
      throw new RequestFailed(reason, true, cause);
    }
    if (!response.ok) throw refusal(response.status);
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new RequestFailed('it answers, but not as a CouchDB', false, cause);
    }
  }

  #failed(reason: string, cause: unknown): LakeError {
    const facts = { database: this.name };
    return new LakeError('HQ_READ_FAILED', `Reading users from CouchDB ${this.name} failed: ${reason}`, {
      facts,
      cause,
    });
  }
}

function refusal(status: number): RequestFailed {
  switch (status) {
    case 401:
    case 403:
      return new RequestFailed(`it refuses the login of HQ_USERS (${status})`, false);
    case 404:
      return new RequestFailed('there is no such database (404)', false);
    default:
      return new RequestFailed(`it answers ${status}`, status === 429 || status >= 500);
  }
}

/** What fetch says is only that it failed; why stands in the cause, of several addresses one in each. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return [...new Set(thrown.errors.map(reasonOf))].join('; ');
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? thrown.message : reasonOf(thrown.cause);
}

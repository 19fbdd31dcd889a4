import type { FastifyRequest } from 'fastify';
import { whoHasSession, whoHasToken, type SessionTimes } from '../../ledger/api-tokens.js';
import type { Queryable } from '../../ledger/database.js';
import { ApiProblem } from '../problems.js';
import type { Role } from '../schemas/operate.js';
import { isCsrfOf, isSessionSecret, isTokenSecret, sha256 } from './secrets.js';

export const SESSION_COOKIE = 'dimagi_lake_session';
/** An operator's working day; a wall screen that is looked at logs in each morning. */
export const SESSION_TIMES: SessionTimes = { idleSeconds: 2 * 3600, mostSeconds: 12 * 3600 };

/** Who asks. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** Of a session the cookie's secret; null: a bearer token. */
  readonly session: string | null;
  /** Of a bearer token. */
  readonly tokenSha256: Buffer | null;
}

/** @returns undefined when nobody is logged in, or what was sent is (no longer) good for anything */
export async function callerOf(database: Queryable, request: FastifyRequest): Promise<Caller | undefined> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    // A wrong token is not made good by a cookie that happens to be there.
    const hash = sha256(bearer);
    const known = isTokenSecret(bearer) ? await whoHasToken(database, hash) : undefined;
    return known === undefined ? undefined : { ...known, session: null, tokenSha256: hash };
  }
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie === undefined || !isSessionSecret(cookie)) return undefined;
  const known = await whoHasSession(database, sha256(cookie), SESSION_TIMES);
  return known === undefined ? undefined : { ...known, session: cookie, tokenSha256: null };
}

/**
 * A browser sends its cookie with whatever any page asks. So an act of a session must come from our own pages: it carries a header
 * that only they know, and where the browser says whose page it was, it must be ours. (SameSite=Strict is the first wall.)
 * @throws ApiProblem CSRF
 */
export function requireOwnPage(request: FastifyRequest, caller: Caller | undefined): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'cross-site' || (origin !== undefined && !isOwn(origin, request.host))) {
    throw new ApiProblem('CSRF', 'The request comes from a page of another site');
  }
  if (caller === undefined || caller.session === null) return;
  const given = request.headers['x-csrf-token'];
  if (typeof given === 'string' && isCsrfOf(caller.session, given)) return;
  throw new ApiProblem('CSRF', 'The header x-csrf-token is missing or wrong');
}

function isOwn(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

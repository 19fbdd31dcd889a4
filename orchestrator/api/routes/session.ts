import { z } from 'zod';
import { addSession, endSession, whoHasToken } from '../../ledger/api-tokens.js';
import { noteAction } from '../../ledger/audit-log.js';
import { ledgerLakeUuid } from '../../ledger/lake.js';
import { SESSION_COOKIE, SESSION_TIMES } from '../access/caller.js';
import { requireCaller } from '../access/guard.js';
import { reads } from '../access/roles.js';
import { csrfOf, isTokenSecret, newSessionSecret, sha256 } from '../access/secrets.js';
import type { Api, ApiParts } from '../parts.js';
import { ApiProblem } from '../problems.js';
import { login, session, type Role, type Session } from '../schemas/operate.js';

const COOKIE = { path: '/', httpOnly: true, sameSite: 'strict' } as const;

/** Logging in and out. */
export function sessionRoutes(app: Api, { database, version }: ApiParts): void {
  const answerOf = async (name: string, role: Role, csrf: string | null): Promise<Session> => ({
    ...{ name, role, csrf, version },
    lake: (await ledgerLakeUuid(database)) ?? '',
  });

  app.post(
    '/session',
    {
      config: { access: { role: 'anyone', act: 'log in', isLogin: true } },
      schema: {
        tags: ['access'],
        summary: 'Log in with a token',
        description: `Answers with a cookie that lasts ${SESSION_TIMES.mostSeconds / 3600} hours, ${SESSION_TIMES.idleSeconds / 3600} unused.`,
        body: login,
        response: { 200: session },
      },
    },
    async (request, reply) => {
      const { token } = request.body;
      const known = isTokenSecret(token) ? await whoHasToken(database, sha256(token)) : undefined;
      if (known === undefined)
        throw new ApiProblem('UNAUTHENTICATED', 'The token is wrong, has ended or was revoked');
      const secret = newSessionSecret();
      await addSession(database, sha256(secret), known.name, SESSION_TIMES);
      request.caller = { ...known, session: secret, tokenSha256: null };
      request.auditId = await noteAction(database, {
        ...{ who: known.name, role: known.role, action: 'log in', target: null, reason: null },
        ...{ outcome: 'begun', address: request.ip },
      });
      const isSecure = request.protocol === 'https';
      void reply.setCookie(SESSION_COOKIE, secret, {
        ...COOKIE,
        secure: isSecure,
        maxAge: SESSION_TIMES.mostSeconds,
      });
      return answerOf(known.name, known.role, csrfOf(secret));
    },
  );

  app.get(
    '/session',
    {
      config: reads(),
      schema: {
        tags: ['access'],
        summary: 'Who is logged in',
        description: '`csrf` is null for a bearer token, which needs none.',
        response: { 200: session },
      },
    },
    async (request) => {
      const { name, role, session: secret } = requireCaller(request);
      return answerOf(name, role, secret === null ? null : csrfOf(secret));
    },
  );

  app.delete(
    '/session',
    {
      config: reads(),
      schema: {
        tags: ['access'],
        summary: 'Log out',
        description: 'Of a bearer token nothing is ended: revoke it.',
        response: { 204: z.undefined().describe('Logged out') },
      },
    },
    async (request, reply) => {
      const { session: secret } = requireCaller(request);
      if (secret !== null) await endSession(database, sha256(secret));
      void reply.clearCookie(SESSION_COOKIE, COOKIE).code(204);
    },
  );
}

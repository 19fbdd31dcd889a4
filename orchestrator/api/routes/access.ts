import { z } from 'zod';
import { addToken, listTokens, revokeToken, type TokenFacts } from '../../ledger/api-tokens.js';
import { readAudit } from '../../ledger/audit-log.js';
import { requireCaller } from '../access/guard.js';
import { acts, reads } from '../access/roles.js';
import { newTokenSecret, sha256 } from '../access/secrets.js';
import { cursorOf, readIdCursor } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { ApiProblem, notFound } from '../problems.js';
import { auditPage, auditQuery, madeToken, newToken, token, tokenName, tokens } from '../schemas/operate.js';

const MOST_TOKENS = 1_000;

/** Tokens and the log of what was done; for admins. */
export function accessRoutes(app: Api, { database }: ApiParts): void {
  app.get(
    '/tokens',
    {
      config: reads('admin'),
      schema: { tags: ['access'], summary: 'All tokens, those that live first', response: { 200: tokens } },
    },
    async () => ({ tokens: await listTokens(database, MOST_TOKENS) }),
  );

  app.post(
    '/tokens',
    {
      config: acts('admin', 'make token'),
      schema: {
        tags: ['access'],
        summary: 'Make a token',
        description:
          'The secret is shown this once. A name that was ever used stays taken, so that the audit log is clear.',
        body: newToken,
        response: { 201: madeToken },
      },
    },
    async (request, reply) => {
      const { name, role, days } = request.body;
      request.auditTarget = `${name} (${role})`;
      const secret = newTokenSecret();
      const by = requireCaller(request).name;
      const made = await addToken(database, { name, role, days, by, sha256: sha256(secret) });
      if (made === undefined) {
        throw new ApiProblem('CONFLICT', `There is, or was, a token "${name}"`, 'Take another name.');
      }
      void reply.code(201);
      return { token: made, secret };
    },
  );

  app.delete(
    '/tokens/:name',
    {
      config: acts('admin', 'revoke token'),
      schema: {
        tags: ['access'],
        summary: 'Revoke a token and end its sessions',
        params: z.object({ name: tokenName }),
        response: { 200: token },
      },
    },
    async (request): Promise<TokenFacts> => {
      const revoked = await revokeToken(database, request.params.name);
      if (revoked === undefined) throw notFound(`token "${request.params.name}" that lives`);
      return revoked;
    },
  );

  app.get(
    '/audit',
    {
      config: reads('admin'),
      schema: {
        tags: ['access'],
        summary: 'What was done, and by whom; the newest first',
        description:
          '`outcome`: `done`, `failed CODE`, `refused CODE`; `begun` when a process died on the way.',
        querystring: auditQuery,
        response: { 200: auditPage },
      },
    },
    async (request) => {
      const { who, action, limit, cursor } = request.query;
      const entries = await readAudit(database, { who, action, before: readIdCursor(cursor), limit });
      const last = entries.length === limit ? entries.at(-1) : undefined;
      return {
        entries: entries.map((entry) => ({ ...entry, id: entry.id.toString() })),
        next: last === undefined ? null : cursorOf([last.id.toString()]),
      };
    },
  );
}
